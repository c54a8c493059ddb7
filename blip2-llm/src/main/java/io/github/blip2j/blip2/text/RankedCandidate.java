package io.github.blip2j.blip2.text;

/**
 * A candidate in its place among others.
 *
 * @param index which of the candidates it is, from 0
 * @param scored its text and how likely it is
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

  /** The same for each token. */
  public double mean() {
    return scored.mean();
  }
}
