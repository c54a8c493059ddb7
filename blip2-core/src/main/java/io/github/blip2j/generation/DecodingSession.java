package io.github.blip2j.generation;

/**
 * A decoding session of a language model: logits of the next token after each prefix of a batch.
 *
 * <p>An instance decodes one batch of prompts. It encodes each prompt once, whatever the number of
 * beams or samples, and keeps a key-value cache of the current rows. Decoding calls {@link #start}
 * once and then {@link #next} repeatedly; rows that have ended are not passed again.
 *
 * <pre>
 * B prompts, R rows of one call, V vocabulary
 * </pre>
 *
 * <p>Logits are unnormalised log-probabilities, {@code -inf} for impossible tokens. Decoding does
 * not change the arrays, and uses them only until its next call, so that a model may reuse them.
 */
public interface DecodingSession {
  /** Size of the vocabulary, {@code V}. */
  int vocabSize();

  /** Logits after each prompt, {@code [B][V]}; called once, first. */
  float[][] start();

  /**
   * Logits after one more token. New row {@code i} extends row {@code beamIndices[i]} of the
   * previous call by {@code tokens[i]}; a row may occur several times (beams) or not at all
   * (ended).
   *
   * @param beamIndices rows of the previous call, {@code [R]}
   * @param tokens ids to append, {@code [R]}
   * @return {@code [R][V]}
   */
  float[][] next(int[] beamIndices, int[] tokens);
}
