package io.github.blip2j.llm;

import java.util.List;

/** What every language model's sizes tell, whatever its kind. */
public interface LanguageConfig {
  /** The family that it is of. */
  LanguageFamily kind();

  /** Width of the embeddings that it reads. */
  int embeddingDim();

  /** Number of token ids. */
  int vocabSize();

  /** The token that stands for a prompt without words. */
  int beginId();

  /** Tokens that end a text, any of them; with none, only its length does. */
  List<Integer> endIds();

  /** The token that fills the places of shorter texts. */
  int padId();
}
