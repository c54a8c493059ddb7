package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.blip2j.backend.Int8Weight;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kernels shared by threads. A primitive that two threads run at once overwrites its scratchpad and
 * its operands' addresses; with one set of calls for all threads this test fails at once.
 */
@ExtendWith(InScope.class)
final class ManyThreadsTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 60;

  private final Kernels kernels = new OneDnnKernels(Cpus.here());
  private final Random random = new Random(11);

  @ParameterizedTest
  @EnumSource(Precision.class)
  void linearAndAttention_eightThreads_giveWhatOneGives(Precision precision)
      throws InterruptedException, ExecutionException {
    Tensor weight = Tensor.of(normal(96 * 160), 96, 160);
    PackedWeight fast = kernels.pack(weight, precision, PackedWeight.Use.PREFILL);
    PackedWeight packed =
        fast == null ? Int8Weight.of(weight) : fast; // on a CPU without such a kernel
    List<Tensor> inputs = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      inputs.add(Tensor.of(normal(33 * 160), 33, 160));
      expected.add(computed(inputs.get(thread), Tensor.of(packed)));
    }

    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        Tensor input = inputs.get(thread);
        float[] result = expected.get(thread);
        running.add(
            pool.submit(
                () -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    assertArrayEquals(result, computed(input, Tensor.of(packed)), 1e-4f);
                  }
                }));
      }
      for (Future<?> thread : running) {
        thread.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  /** A linear map, whose result attends to itself with two heads. */
  private float[] computed(Tensor x, Tensor weight) {
    try (Scope scope = Scope.open()) {
      Tensor y = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(33, 96));
      kernels.linear(x, weight, null, Activation.GELU, null, y);
      Tensor heads = y.reshape(1, 33, 2, 48);
      Tensor out = Tensor.uninitialized("test", DType.FLOAT32, heads.shape());
      kernels.attention(heads, heads, heads, 0.1, null, null, null, out);
      return out.toFloats();
    }
  }

  private float[] normal(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
