package io.github.blip2j.llm;

import java.util.List;

/** The sizes that language models of all families have. */
public interface LanguageConfig {
  /** The family of the model. */
  LanguageFamily family();

  /** Width of the input embeddings. */
  int embeddingDim();

  /** Number of token ids. */
  int vocabSize();

  /** The token of an empty prompt. */
  int beginId();

  /** End tokens, any of which ends a text; if there are none, only its length ends it. */
  List<Integer> endIds();

  /** The padding token. */
  int padId();
}
