package io.github.blip2j.llm;

import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;

/**
 * A language model with embeddings as input, so that an image's soft prompt can precede text.
 *
 * <pre>{@code
 * B prompts, P positions, L width
 * }</pre>
 */
public interface LanguageModel {
  /** Width {@code L} of the input embeddings. */
  int dim();

  /** Size of the vocabulary. */
  int vocabSize();

  /** The side on which shorter prompts are padded. */
  Side paddingSide();

  /** The longest prompt; {@link Integer#MAX_VALUE} if there is no limit. */
  int maxPositions();

  /** The most tokens that can follow a prompt of this length, which must be within the limit. */
  int roomAfter(int promptLength);

  /**
   * The embeddings of tokens, without positions.
   *
   * @param ids [B, T], int64
   * @return [B, T, L]
   */
  Tensor embed(Tensor ids);

  /**
   * Encodes prompts and starts decoding in the current scope.
   *
   * @param prompt [B, P, L]
   * @param mask 1 for tokens, 0 for padding, which is on {@link #paddingSide}, [B][P]
   * @param newTokens the most tokens that may follow, which sizes the cache
   */
  DecodingSession startDecoding(Tensor prompt, int[][] mask, int newTokens);

  /**
   * Encodes prompts once, to score texts that follow them, in the current scope.
   *
   * @param prompt [B, P, L]
   * @param mask 1 for tokens, 0 for padding, [B][P]
   */
  SequenceScorer sequenceScorer(Tensor prompt, int[][] mask);
}
