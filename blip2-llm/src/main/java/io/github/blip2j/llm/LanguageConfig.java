package io.github.blip2j.llm;

import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import java.util.List;

/** The sizes of a language model, and what depends on them. */
public interface LanguageConfig {
  /** The family of the model. */
  LanguageFamily family();

  /** Width of the input embeddings. */
  int embeddingDim();

  /** Number of token ids. */
  int vocabSize();

  /** The token of an empty prompt. */
  int beginId();

  /** The token before every text in LAVIS. */
  default int lavisBeginId() {
    return beginId();
  }

  /** End tokens, any of which ends a text; if there are none, only its length ends it. */
  List<Integer> endIds();

  /** The padding token. */
  int padId();

  /** Builds the language model, a {@link DecoderModel} or an {@link EncoderDecoderModel}. */
  LanguageModel build(Params params);

  /**
   * Adds the tensor names of Hugging Face.
   *
   * @param ours prefix of the model's parameters here with its dot, such as {@code "language."}, or
   *     empty
   * @param theirs prefix of the stored names with its dot, such as {@code "language_model."}, or
   *     empty
   */
  void addNames(KeyMap.Builder keys, String ours, String theirs);

  /**
   * Checks that the soft prompt of an image can precede the prompts of such a model.
   *
   * @throws IllegalArgumentException if it cannot
   */
  default void requireJoinable() {}
}
