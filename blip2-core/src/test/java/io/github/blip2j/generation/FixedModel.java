package io.github.blip2j.generation;

import java.util.Arrays;

/** A model that gives the same scores whatever came before. */
final class FixedModel implements DecodingSession {
  private final float[][] logits;

  FixedModel(float[]... logits) {
    this.logits = logits;
  }

  /** With these probabilities, for one prompt. */
  static FixedModel of(float... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return new FixedModel(logits);
  }

  @Override
  public int vocabSize() {
    return logits[0].length;
  }

  @Override
  public float[][] start() {
    return logits;
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    float[][] rows = new float[beamIndices.length][];
    Arrays.fill(rows, logits[0]);
    return rows;
  }
}
