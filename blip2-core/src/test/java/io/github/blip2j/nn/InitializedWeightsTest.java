package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class InitializedWeightsTest {
  @Test
  void drawn_parameter_isWhatTheDrawingMakes() throws IOException {
    Tensor made = Tensor.of(new float[] {3, 1}, 2);
    Weights weights = Weights.initialized((shape, init) -> made);

    assertSame(made, weights.initial("w", Shape.of(2), Init.zeros()));
    assertNull(weights.find("w"));
    assertEquals(Set.of(), weights.unused(Set.of("w")));
  }

  @Test
  void read_anything_isRefused() {
    Weights weights = Weights.initialized((shape, init) -> Tensor.zeros(DType.FLOAT32, 1));

    var refused =
        assertThrows(
            IllegalStateException.class, () -> weights.read("w", 0, ByteBuffer.allocate(1)));

    assertEquals("random weights: nothing is stored, got a read of w", refused.getMessage());
  }
}
