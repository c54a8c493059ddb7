package io.github.blip2j.llm;

import io.github.blip2j.tensor.Tensor;

/** Logits as arrays for decoding. */
public final class NextTokenLogits {
  private NextTokenLogits() {}

  /** [R, V] as arrays. */
  public static float[][] rows(Tensor logits) {
    float[][] rows = new float[Math.toIntExact(logits.dim(0))][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = logits.select(0, row).toFloats();
    }
    return rows;
  }
}
