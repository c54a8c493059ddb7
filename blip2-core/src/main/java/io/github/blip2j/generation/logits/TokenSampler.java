package io.github.blip2j.generation.logits;

import java.util.random.RandomGenerator;

/** Chooses one token from processed scores: greedily or by sampling. */
@FunctionalInterface
public interface TokenSampler {
  /** The result if every score is {@code -inf}. */
  int NONE = -1;

  /** An id with a score above {@code -inf}, or {@link #NONE}. */
  int choose(float[] scores);

  /** The best, and the lowest of several. */
  static int best(float[] scores) {
    int best = NONE;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] > max) {
        max = scores[i];
        best = i;
      }
    }
    return best;
  }

  /** A sample from the softmax of the scores. */
  static TokenSampler drawn(RandomGenerator random) {
    return scores -> {
      int best = best(scores);
      return best == NONE ? NONE : draw(scores, scores[best], random.nextDouble());
    };
  }

  private static int draw(float[] scores, float max, double uniform) {
    double total = 0;
    for (float score : scores) {
      total += Exp.ofNegative(score - max);
    }
    double rest = uniform * total;
    int drawn = NONE;
    for (int i = 0; i < scores.length && rest >= 0; i++) {
      double weight = Exp.ofNegative(scores[i] - max);
      if (weight > 0) {
        drawn = i; // the last possible id, should rounding leave a rest after it
        rest -= weight;
      }
    }
    return drawn;
  }
}
