package io.github.blip2j.generation.logits;

/**
 * Changes the scores of the next token before one is chosen: penalties, bans, constraints.
 *
 * <p>Greedy decoding and sampling pass logits, beam search log-probabilities, which need not sum to
 * one afterwards. One instance sees the rows of a whole batch, in any order, and must not keep
 * state between rows: it may depend only on the history.
 */
@FunctionalInterface
public interface LogitsProcessor {
  /**
   * Rewrites the scores in place.
   *
   * @param history the ids before the token to choose
   * @param scores one score for each id, {@code [V]}; {@code -inf} bans an id, NaN is refused
   */
  void process(TokenHistory history, float[] scores);
}
