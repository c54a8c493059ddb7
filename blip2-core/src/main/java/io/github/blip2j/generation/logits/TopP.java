package io.github.blip2j.generation.logits;

/**
 * Keeps the nucleus: the fewest best tokens whose probabilities reach {@code p} (Holtzman et al.
 * 2020, section 3.1), but at least {@code least} of them. Of equal scores the lower id is better.
 *
 * <p>Sorting a vocabulary for this would cost more than the model's last layer. Instead, a
 * histogram of the scores says in which bin the nucleus ends, and only that bin is sorted.
 */
public record TopP(double p, int least) implements LogitsProcessor {
  private static final int BINS = 2048;
  private static final float BINS_PER_UNIT = 64; // so that the last bin begins at exp(-32)

  @Override
  public void process(TokenHistory history, float[] scores) {
    int best = TokenSampler.best(scores);
    if (best == TokenSampler.NONE) {
      return; // the sampler reports it
    }
    float max = scores[best];
    double[] masses = new double[BINS];
    int[] counts = new int[BINS];
    double total = 0;
    for (float score : scores) {
      double weight = Exp.ofNegative(score - max);
      int bin = bin(score, max);
      masses[bin] += weight;
      counts[bin]++;
      total += weight;
    }
    double above = 0; // mass of the bins that are kept whole
    int kept = 0;
    int bin = 0;
    while (bin < BINS - 1 && (above + masses[bin] < p * total || kept + counts[bin] < least)) {
      above += masses[bin];
      kept += counts[bin];
      bin++;
    }
    TopCandidates border = banBelow(bin, counts[bin], max, scores);
    for (int rank = 0; rank < border.size(); rank++) {
      if (above < p * total || kept < least) {
        scores[(int) border.place(rank)] = border.value(rank);
      }
      above += Exp.ofNegative(border.value(rank) - max);
      kept++;
    }
  }

  /** Bans all tokens in this bin or below, and returns this bin's tokens in order. */
  private static TopCandidates banBelow(int bin, int count, float max, float[] scores) {
    var border = new TopCandidates(Math.max(1, count));
    for (int i = 0; i < scores.length; i++) {
      int own = bin(scores[i], max);
      if (own == bin) {
        border.offer(scores[i], i, scores[i]);
      }
      if (own >= bin) {
        scores[i] = Float.NEGATIVE_INFINITY;
      }
    }
    border.sort();
    return border;
  }

  private static int bin(float score, float max) {
    return (int) Math.min(BINS - 1, (max - score) * BINS_PER_UNIT);
  }
}
