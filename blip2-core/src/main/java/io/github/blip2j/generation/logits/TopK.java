package io.github.blip2j.generation.logits;

/** Keeps the {@code k} best tokens (Fan et al. 2018, section 5) and all that tie with the last. */
public record TopK(int k) implements LogitsProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    if (k >= scores.length) {
      return;
    }
    var best = new TopCandidates(k);
    for (int i = 0; i < scores.length; i++) {
      best.offer(scores[i], i, scores[i]);
    }
    double least = best.bar();
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] < least) {
        scores[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
