package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class TiledWeightsTest {
  private final Weights weights = TiledWeights.of(0);

  @Test
  void initial_matrixLargerThanTheBlock_isUniformAndRepeats() {
    try (var scope = Scope.open()) {
      float[] values = draw(Shape.of(3, 1 << 19), Init.normal()).toFloats(); // 1.5 blocks

      double mean = 0;
      double square = 0;
      for (float value : values) {
        assertTrue(Math.abs(value) <= 0.03f, () -> "within 0.03 expected, got " + value);
        mean += value / (double) values.length;
        square += value * (double) value / values.length;
      }
      assertEquals(0, mean, 1e-4);
      assertEquals(0.03 / Math.sqrt(3), Math.sqrt(square), 1e-4);
      assertEquals(values[0], values[1 << 20]);
    }
  }

  @Test
  void initial_twice_differs() {
    try (var scope = Scope.open()) {
      Shape shape = Shape.of(5);

      assertNotEquals(
          Arrays.toString(draw(shape, Init.zeros()).toFloats()),
          Arrays.toString(draw(shape, Init.zeros()).toFloats()));
    }
  }

  @Test
  void initial_scaleOfANorm_isOne() {
    try (var scope = Scope.open()) {
      assertArrayEquals(new float[] {1, 1, 1}, draw(Shape.of(3), Init.ones()).toFloats());
    }
  }

  private Tensor draw(Shape shape, Init init) {
    return Objects.requireNonNull(weights.initial(shape, init), "drawn");
  }
}
