package io.github.blip2j.llm;

import io.github.blip2j.tensor.Tensor;

/** Logits as arrays for decoding. */
public final class NextTokenLogits {
  private NextTokenLogits() {}

  /** [R, V] as arrays. */
  public static float[][] rows(Tensor logits) {
    return logits.toFloatRows();
  }
}
