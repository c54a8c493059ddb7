package io.github.blip2j.blip2.text;

/**
 * The score that candidates are ranked by, and how many of them are scored in full. Immutable.
 *
 * <pre>{@code
 * CandidateRanking.bySum()                        as LAVIS's predict_class
 * CandidateRanking.byMean()                       length-normalised
 * CandidateRanking.bySum().preselecting(128)      as BLIP ranks answers
 * }</pre>
 *
 * <p>Scores include the end token, as in LAVIS: the end of line (50118) that BLIP-2 with OPT was
 * trained to end with, {@code </s>} for T5. Without it, "a red" is never less likely than "a red
 * circle". LAVIS's {@code blip2_vicuna_instruct} alone leaves the end token out: {@link
 * #withoutEnd} ranks as it does.
 */
public final class CandidateRanking {
  private final boolean byMean;
  private final boolean ended;
  private final int preselected;

  private CandidateRanking(boolean byMean, boolean ended, int preselected) {
    this.byMean = byMean;
    this.ended = ended;
    this.preselected = preselected;
  }

  /** By the probability of the whole text. */
  public static CandidateRanking bySum() {
    return new CandidateRanking(false, true, Integer.MAX_VALUE);
  }

  /** By the mean log-probability of a text's tokens. */
  public static CandidateRanking byMean() {
    return new CandidateRanking(true, true, Integer.MAX_VALUE);
  }

  /** This ranking, without the end token. */
  public CandidateRanking withoutEnd() {
    return new CandidateRanking(byMean, false, preselected);
  }

  /**
   * This ranking of the {@code count} candidates with the likeliest first tokens, which costs one
   * step for all; the others are left out (Li et al. 2022, section 5.4).
   *
   * @param count how many; all, if there are fewer
   */
  public CandidateRanking preselecting(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "rank: preselecting expected 1 candidate or more, got " + count);
    }
    return new CandidateRanking(byMean, ended, count);
  }

  /** The larger, the better. */
  public double value(ScoredText text) {
    return byMean ? text.mean() : text.sum();
  }

  public boolean withEnd() {
    return ended;
  }

  public int preselected() {
    return preselected;
  }
}
