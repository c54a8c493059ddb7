package io.github.blip2j.generation;

/**
 * What decoding needs of a language model: scores for the token after each prefix of a batch.
 *
 * <p>An instance is one run over one batch of prompts. It holds the prompts, reads each of them
 * once, however many beams or samples grow from it, and keeps a key-value cache that follows the
 * rows decoding asks for. Decoding calls {@link #start} once and then {@link #next} repeatedly;
 * rows that have ended are simply not named again.
 *
 * <pre>
 * B prompts, R rows of one call, V vocabulary
 * </pre>
 *
 * <p>Scores are logits: unnormalised log-probabilities, {@code -inf} for the impossible. Decoding
 * never writes to the arrays, and reads them only until its next call, so that a model may reuse
 * them.
 */
public interface DecodingSession {
  /** Number of token ids {@code V}; ids run from 0. */
  int vocabSize();

  /** Scores after each prompt, {@code [B][V]}; called once, first. */
  float[][] start();

  /**
   * Scores after one more token. New row {@code i} extends row {@code beamIndices[i]} of the
   * previous call by {@code tokens[i]}; a parent may be named several times (beams) or not at all
   * (ended).
   *
   * @param beamIndices rows of the previous call, {@code [R]}
   * @param tokens ids to append, {@code [R]}
   * @return {@code [R][V]}
   */
  float[][] next(int[] beamIndices, int[] tokens);
}
