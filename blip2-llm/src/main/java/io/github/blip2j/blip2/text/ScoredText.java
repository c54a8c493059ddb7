package io.github.blip2j.blip2.text;

import java.util.List;

/**
 * A text and its log-probabilities after a prompt.
 *
 * @param text as it was given
 * @param tokenIds its tokens, with the end token unless that was left out
 * @param logProbabilities of each token given all before it, natural logarithm
 */
public record ScoredText(String text, List<Integer> tokenIds, List<Double> logProbabilities) {
  /** Keeps the lists from changing. */
  public ScoredText {
    tokenIds = List.copyOf(tokenIds);
    logProbabilities = List.copyOf(logProbabilities);
  }

  /** The logarithm of the whole text's probability. */
  public double sum() {
    return logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** The mean of the log-probabilities over the tokens, which does not favour short texts. */
  public double mean() {
    return sum() / logProbabilities.size();
  }
}
