package io.github.blip2j.llm;

import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;

/**
 * A language model that reads embeddings, so that an image's soft prompt can stand before words.
 *
 * <pre>{@code
 * B prompts, P positions, L width
 * }</pre>
 */
public interface LanguageModel {
  /** Width {@code L} of what it reads. */
  int dim();

  /** Number of token ids. */
  int vocabSize();

  /** The side on which shorter prompts are padded. */
  Side paddingSide();

  /** Longest prompt; {@link Integer#MAX_VALUE} where there is no limit. */
  int maxPositions();

  /** The most tokens that may follow a prompt of this length, which is not too long. */
  int roomAfter(int promptLength);

  /**
   * The embeddings of words, without positions.
   *
   * @param ids [B, T], int64
   * @return [B, T, L]
   */
  Tensor embed(Tensor ids);

  /**
   * One run over these prompts, to be decoded in the current scope.
   *
   * @param prompt [B, P, L]
   * @param mask 1 for what counts, 0 for padding, which stands on {@link #paddingSide}, [B][P]
   * @param newTokens how many tokens may follow, to make room for
   */
  DecodingSession startDecoding(Tensor prompt, int[][] mask, int newTokens);

  /**
   * Reads these prompts once, to say in the current scope how likely any texts follow them.
   *
   * @param prompt [B, P, L]
   * @param mask 1 for what counts, 0 for padding, [B][P]
   */
  SequenceScorer sequenceScorer(Tensor prompt, int[][] mask);
}
