package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.Init;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TiledWeightsTest {
  private final TiledWeights weights = new TiledWeights(0);

  @Test
  void initial_matrixLargerThanTheBlock_isUniformAndRepeats() {
    try (var scope = Scope.open()) {
      float[] values =
          weights.initial(Shape.of(3, 1 << 19), Init.normal(0.02)).toFloats(); // 1.5 blocks

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
          Arrays.toString(weights.initial(shape, Init.zeros()).toFloats()),
          Arrays.toString(weights.initial(shape, Init.zeros()).toFloats()));
    }
  }

  @Test
  void initial_scaleOfANorm_isOne() {
    try (var scope = Scope.open()) {
      assertArrayEquals(
          new float[] {1, 1, 1}, weights.initial(Shape.of(3), Init.ones()).toFloats());
    }
  }

  @Test
  void read_anything_isRefused() {
    var refused =
        assertThrows(
            IllegalStateException.class, () -> weights.read("w", 0, ByteBuffer.allocate(1)));

    assertEquals("random weights: nothing is stored, got a read of w", refused.getMessage());
  }
}
