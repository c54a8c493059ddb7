package io.github.blip2j.generation;

import java.util.Arrays;

/**
 * Keeps the nucleus: the fewest best tokens whose probabilities reach {@code p} (Holtzman et al.
 * 2020, section 3.1), but at least {@code least} of them. Of equal scores the lower id is better.
 *
 * <p>A nucleus is small next to a vocabulary, so it is looked for among the best 64 tokens first,
 * then among ever more, instead of sorting all.
 */
record TopP(double p, int least) implements ScoreProcessor {
  private static final int FIRST_LOOK = 64;

  @Override
  public void process(TokenHistory history, float[] scores) {
    double max = Double.NEGATIVE_INFINITY;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    if (max == Double.NEGATIVE_INFINITY) {
      return; // nothing is possible; whoever chooses says so
    }
    double total = 0;
    for (float score : scores) {
      total += Math.exp(score - max);
    }
    int look = Math.max(FIRST_LOOK, least);
    while (!keepNucleus(scores, Math.min(look, scores.length), p * total, max)) {
      look *= 8;
    }
  }

  /** Tries with this many best tokens; false if the nucleus may hold more. */
  private boolean keepNucleus(float[] scores, int look, double mass, double max) {
    var best = new TopCandidates(look);
    for (int i = 0; i < scores.length; i++) {
      best.offer(scores[i], i, scores[i]);
    }
    best.sort();
    double before = 0;
    int kept = 0;
    while (kept < best.size() && (before < mass || kept < least)) {
      before += Math.exp(best.value(kept) - max);
      kept++;
    }
    if (kept == look && look < scores.length) {
      return false;
    }
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    for (int rank = 0; rank < kept; rank++) {
      scores[(int) best.place(rank)] = best.value(rank);
    }
    return true;
  }
}
