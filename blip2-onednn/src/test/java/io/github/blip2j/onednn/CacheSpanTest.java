package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention of one new position to a cache that grows. */
@ExtendWith(InScope.class)
final class CacheSpanTest {
  private static final int HEADS = 3;
  private static final int WIDTH = 5;

  private final OneDnnKernels kernels = new OneDnnKernels(Cpus.here());
  private final Random random = new Random(3);

  /** Rows, first positions, room: beside a block, at its end, and where the room cuts it. */
  @ParameterizedTest
  @CsvSource({"1,30,100", "2,31,64", "3,1,7", "2,62,66"})
  void attention_growingCache_matchesReference(int rows, int first, int room) {
    var cache = new KeyValueCache(1, room);
    cache.layer(0).append(normal(rows, first), normal(rows, first));
    for (int step = 0; step < 5; step++) {
      cache.layer(0).append(normal(rows, 1), normal(rows, 1));
      int S = cache.length();
      Tensor q = normal(rows, 1);
      for (Tensor mask :
          new @Nullable Tensor[] {null, hidingTheFirst(1, S), hidingTheFirst(rows, S)}) {
        assertArrayEquals(
            attention(Kernels.reference(), q, cache, mask),
            attention(kernels, q, cache, mask),
            1e-5f,
            "at " + S + " positions");
      }
    }
  }

  @Test
  void attention_tokenByToken_buildsKernelsPerBlock() {
    var cache = new KeyValueCache(1, 128);
    cache.layer(0).append(normal(1, 40), normal(1, 40));
    int before = kernels.ready();
    for (int length = 41; length <= 64; length++) {
      cache.layer(0).append(normal(1, 1), normal(1, 1));
      attention(kernels, normal(1, 1), cache, null);
    }

    assertEquals(4, kernels.ready() - before, "scores with and without a mask, softmax, mixture");
  }

  private static float[] attention(
      Kernels kernels, Tensor q, KeyValueCache cache, @Nullable Tensor mask) {
    try (Scope scope = Scope.open()) {
      Tensor out = Tensor.uninitialized("test", DType.FLOAT32, q.shape());
      KeyValueCache.Layer layer = cache.layer(0);
      kernels.attention(q, layer.keys(), layer.values(), 0.3, mask, null, null, out);
      return out.toFloats();
    }
  }

  private static Tensor hidingTheFirst(int rows, int positions) {
    float[] values = new float[rows * positions];
    for (int r = 0; r < rows; r++) {
      values[r * positions] = -1e9f;
    }
    return Tensor.of(values, rows, 1, 1, positions);
  }

  private Tensor normal(int rows, int positions) {
    Shape shape = Shape.of(rows, positions, HEADS, WIDTH);
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, positions, HEADS, WIDTH);
  }
}
