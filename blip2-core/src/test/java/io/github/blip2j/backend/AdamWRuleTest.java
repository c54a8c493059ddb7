package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

@ExtendWith(InScope.class)
final class AdamWRuleTest {
  private static final AdamWRule.Step STEP = new AdamWRule.Step(1, 0.1, 0, 1);

  @Test
  void constants_outOfRange_areNamed() {
    assertMessage("adamW: beta1 expected in [0, 1), got 1.0", () -> new AdamWRule(1, 0.999, 1e-8));
    assertMessage(
        "adamW: beta2 expected in [0, 1), got -0.1", () -> AdamWRule.DEFAULT.withBeta2(-0.1));
    assertMessage(
        "adamW: eps expected positive and finite, got 0.0", () -> new AdamWRule(0.9, 0.999, 0));
    assertMessage(
        "adamW: number expected at least 1, got 0", () -> new AdamWRule.Step(0, 0.1, 0, 1));
  }

  @Test
  void adamWInPlace_parameterOfAnotherType_isRefused() {
    Tensor x = Tensor.zeros(DType.BFLOAT16, 2);
    Tensor same = Tensor.zeros(DType.FLOAT32, 2);

    assertMessage(
        "adamWInPlace: tensors expected dense and FLOAT32, got BFLOAT16 [2] from full",
        () -> x.adamWInPlace(AdamWRule.DEFAULT, STEP, same, same.copy(), same.copy()));
  }

  @Test
  void adamWInPlace_gradientOfAnotherShape_isRefused() {
    Tensor x = Tensor.zeros(DType.FLOAT32, 2);
    Tensor g = Tensor.zeros(DType.FLOAT32, 3);

    assertMessage(
        "adamWInPlace: tensor expected [2], got [3]",
        () -> x.adamWInPlace(AdamWRule.DEFAULT, STEP, g, x.copy(), x.copy()));
  }

  @Test
  void adamWInPlace_gradientOfTransposedMemory_isRefused() {
    Tensor x = Tensor.zeros(DType.FLOAT32, 2, 3);
    Tensor g = Tensor.zeros(DType.FLOAT32, 3, 2).transpose();

    assertMessage(
        "adamWInPlace: tensors expected dense and FLOAT32, got a view of FLOAT32 [2, 3] from full",
        () -> x.adamWInPlace(AdamWRule.DEFAULT, STEP, g, x.copy(), x.copy()));
  }

  @Test
  void adamWInPlace_leafUnderNoGrad_moves() {
    Tensor x = Tensor.of(new float[] {1, 1}, 2).leaf(g -> {});
    Tensor g = Tensor.of(new float[] {2, -2}, 2);
    Tensor m = Tensor.zeros(DType.FLOAT32, 2);

    try (var off = GradMode.noGrad()) {
      x.adamWInPlace(AdamWRule.DEFAULT, STEP, g, m, m.copy());
    }

    assertArrayEquals(new float[] {0.9f, 1.1f}, x.toFloats(), 1e-6f);
  }

  @Test
  void squaredNorm_viewAndNothing_areSummed() {
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);

    assertEquals(91, x.transpose().squaredNorm());
    assertEquals(29, x.narrow(1, 1, 1).squaredNorm());
    assertEquals(0, Tensor.zeros(DType.FLOAT32, 0).squaredNorm());
  }

  @Test
  void squaredNorm_anotherType_isRefused() {
    Tensor x = Tensor.zeros(DType.FLOAT64, 2);

    assertMessage(
        "squaredNorm: type expected FLOAT32, got FLOAT64; convert it with to()", x::squaredNorm);
  }

  private static void assertMessage(String expected, Executable body) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, body).getMessage());
  }
}
