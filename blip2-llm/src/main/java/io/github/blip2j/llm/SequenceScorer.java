package io.github.blip2j.llm;

import java.util.List;
import java.util.Locale;

/**
 * Scores texts after prompts that were encoded once. It belongs to the scope in which it was made.
 *
 * <pre>{@code
 * B prompts, K texts of one prompt, T tokens of one text
 * }</pre>
 */
public interface SequenceScorer {
  /**
   * The log-probabilities of texts, token by token: each token given the prompt and the tokens
   * before it. Texts do not influence each other, and memory does not grow with their number.
   *
   * @param texts for each prompt the ids of the texts that may follow it, none empty, [B][K][T]
   * @return log-probabilities, natural logarithm, [B][K][T]
   * @throws IllegalArgumentException if there are not as many lists as prompts, a text is empty, or
   *     one has a token beyond the vocabulary
   */
  List<List<float[]>> of(List<List<int[]>> texts);

  /** Checks the texts of {@link #of}. */
  static void require(int prompts, List<List<int[]>> texts, int vocabSize) {
    if (texts.size() != prompts) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "score: texts expected for each of %d prompts, got %d",
              prompts,
              texts.size()));
    }
    for (List<int[]> ofOne : texts) {
      for (int[] text : ofOne) {
        if (text.length == 0) {
          throw new IllegalArgumentException("score: text expected 1 token or more, got 0");
        }
        for (int id : text) {
          if (id < 0 || id >= vocabSize) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT, "score: tokens expected 0 to %d, got %d", vocabSize - 1, id));
          }
        }
      }
    }
  }
}
