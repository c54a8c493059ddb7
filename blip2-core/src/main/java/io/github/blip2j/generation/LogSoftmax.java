package io.github.blip2j.generation;

/**
 * The normaliser of one row of logits: {@code log p = logit - max - logSum}, in float32 and in this
 * order, as the reference computes it. Adding max and logSum first would lose digits of the small
 * one.
 *
 * @param max largest logit
 * @param logSum logarithm of the sum of {@code exp(logit - max)}
 */
record LogSoftmax(float max, float logSum) {
  // exp(-30) is 1e-13: a whole vocabulary of such terms is lost in float32, and exp is what costs.
  private static final float NEGLIGIBLE = -30;

  /**
   * Of one row; the prompt and step are for the message.
   *
   * @throws IllegalStateException if a logit is NaN or infinite, or all are {@code -inf}
   */
  static LogSoftmax of(float[] logits, int prompt, int step) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit); // NaN wins
    }
    if (!Float.isFinite(max)) {
      throw new IllegalStateException(
          String.format(
              "generate: scores of prompt %d at step %d expected numbers and a possible token,"
                  + " got %s as the largest of %d",
              prompt, step, max, logits.length));
    }
    double sum = 0;
    for (float logit : logits) {
      float below = logit - max;
      if (below > NEGLIGIBLE) {
        sum += Math.exp(below);
      }
    }
    return new LogSoftmax(max, (float) Math.log(sum));
  }

  float logProbability(float logit) {
    return logit - max - logSum;
  }
}
