package io.github.blip2j.generation;

/**
 * Receives tokens as they are decided, so that text can be shown while it is generated.
 *
 * <p>Greedy decoding and sampling report each token at once, step by step and within a step in row
 * order. A beam may still lose to another, so beam search reports a prompt's tokens, sequence after
 * sequence and the best first, when the search for that prompt is over.
 *
 * <p>It runs on the generating thread. It may hand work to other threads and wait for them.
 */
@FunctionalInterface
public interface TokenStreamer {
  /**
   * One more token.
   *
   * @param row index among all returned sequences: prompt times {@link
   *     GenerationConfig#numReturnSequences} plus the sequence's place among those of its prompt
   * @param token its id; the end token is reported too
   */
  void onToken(int row, int token);

  /** One more token with its log-probability; if not overridden, its id is told alone. */
  default void onToken(int row, GeneratedToken token) {
    onToken(row, token.id());
  }
}
