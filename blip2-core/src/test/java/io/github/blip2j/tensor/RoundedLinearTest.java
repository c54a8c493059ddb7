package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class RoundedLinearTest extends RoundedLinearConformance {
  @Test
  void multipliedIn_int8_isRefused() {
    Tensor weight = Tensor.of(new float[] {1, 2}, 1, 2);

    var refused =
        assertThrows(IllegalArgumentException.class, () -> weight.multipliedIn(Precision.INT8));

    assertEquals(
        "multipliedIn: precision expected float32 or bfloat16, got int8; pack a weight that does not"
            + " learn",
        refused.getMessage());
  }

  @Test
  void complaint_whereBfloat16IsNotMultiplied_saysThatFloat32IsFaster() {
    assertEquals(
        "bfloat16: kernels that multiply it expected, got nd4j, which round to it and multiply"
            + " float32 here; float32 is faster",
        KernelChoice.complaint(Precision.BFLOAT16, Kernels.reference()));
    assertNull(KernelChoice.complaint(Precision.FLOAT32, Kernels.reference()));
  }
}
