package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.types.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class StorageReleaseTest {
  private static final int ROUNDS = 2_000;
  private static final int THREADS = 4;

  /** Given back twice, one block would be counted off twice, and lent to two tensors. */
  @Test
  void release_byThreadsAtOnce_givesTheMemoryBackOnce() throws Exception {
    long used = TensorMemory.usedBytes();
    var threads = Executors.newFixedThreadPool(THREADS);
    var together = new CyclicBarrier(THREADS);
    try (Scope scope = Scope.open()) {
      List<Tensor> tensors = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        tensors.add(Tensor.zeros(DType.FLOAT32, 4));
      }
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        running.add(
            threads.submit(
                () -> {
                  for (Tensor tensor : tensors) {
                    together.await();
                    scope.release(tensor);
                  }
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get(2, TimeUnit.MINUTES);
      }

      assertEquals(used, TensorMemory.usedBytes());
    } finally {
      threads.shutdownNow();
    }
    assertEquals(used, TensorMemory.usedBytes());
  }
}
