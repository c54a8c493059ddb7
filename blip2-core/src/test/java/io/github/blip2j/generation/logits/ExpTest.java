package io.github.blip2j.generation.logits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class ExpTest {

  @Test
  void ofNegative_wholeRange_isRightToEightDigits() {
    for (int i = 0; i <= 70_000; i++) {
      double x = -i / 100.0;
      assertEquals(1, Exp.ofNegative(x) / Math.exp(x), 1e-8, "at " + x);
    }
  }

  @Test
  void ofNegative_tiny_isZero() {
    assertEquals(0, Exp.ofNegative(-701));
    assertEquals(0, Exp.ofNegative(Double.NEGATIVE_INFINITY));
  }
}
