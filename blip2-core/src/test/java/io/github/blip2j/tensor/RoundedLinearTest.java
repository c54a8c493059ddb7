package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.types.Precision;
import org.junit.jupiter.api.Test;

final class RoundedLinearTest extends RoundedLinearConformance {
  @Test
  void multipliedIn_int8_isRefused() {
    Tensor weight = Tensor.of(new float[] {1, 2}, 1, 2);

    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> weight.withComputePrecision(Precision.INT8));

    assertEquals(
        "withComputePrecision: precision expected float32 or bfloat16, got int8; pack a weight "
            + "that does not"
            + " learn",
        refused.getMessage());
  }
}
