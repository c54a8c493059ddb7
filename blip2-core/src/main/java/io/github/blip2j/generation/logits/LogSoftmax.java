package io.github.blip2j.generation.logits;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The normaliser of one row of logits: {@code log p = logit - max - logSum}, in float32 and in this
 * order, as the reference computes it. Adding max and logSum first would lose digits of the small
 * one.
 *
 * @param max largest logit
 * @param logSum logarithm of the sum of {@code exp(logit - max)}
 */
public record LogSoftmax(float max, float logSum) {
  /**
   * Of one row; the prompt and step are for the message.
   *
   * @throws IllegalStateException if a logit is NaN or infinite, or all are {@code -inf}
   */
  public static LogSoftmax of(float[] logits, int prompt, int step) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      if (logit > max) { // not Math.max, whose care for NaN and -0 takes as long as the exponential
        max = logit;
      }
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Exp.ofNegative(logit - max);
    }
    if (!Float.isFinite(max) || Double.isNaN(sum)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "generate: scores of prompt %d at step %d expected numbers and a possible token,"
                  + " got %s among %d",
              prompt,
              step,
              firstOdd(logits),
              logits.length));
    }
    return new LogSoftmax(max, (float) Math.log(sum));
  }

  private static float firstOdd(float[] logits) {
    for (float logit : logits) {
      if (Float.isNaN(logit) || logit == Float.POSITIVE_INFINITY) {
        return logit;
      }
    }
    return Float.NEGATIVE_INFINITY;
  }

  public float logProbability(float logit) {
    return logit - max - logSum;
  }

  /**
   * The likeliest tokens of the row that this was made of, the likeliest first; of equals the lower
   * id is first, and impossible ones are left out.
   */
  public List<TokenLogProbability> likeliest(float[] logits, int count) {
    var best = new TopCandidates(Math.min(count, logits.length));
    for (int token = 0; token < logits.length; token++) {
      if (logits[token] > best.bar()) {
        best.offer(logits[token], token, logits[token]);
      }
    }
    best.sort();
    List<TokenLogProbability> likeliest = new ArrayList<>();
    for (int rank = 0; rank < best.size(); rank++) {
      int token = Math.toIntExact(best.place(rank));
      likeliest.add(new TokenLogProbability(token, logProbability(best.value(rank))));
    }
    return List.copyOf(likeliest);
  }
}
