package io.github.blip2j.blip2.text;

/**
 * A candidate of a ranking.
 *
 * @param index its place in the candidates given, from 0
 * @param scored its text and log-probabilities
 */
public record RankedCandidate(int index, ScoredText scored) {
  /** The candidate as it was given. */
  public String text() {
    return scored.text();
  }

  /** The logarithm of the whole text's probability. */
  public double sum() {
    return scored.sum();
  }

  /** The mean of the log-probabilities over the tokens. */
  public double mean() {
    return scored.mean();
  }
}
