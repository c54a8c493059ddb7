package io.github.blip2j.llm;

import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only language model: it continues its prompt. Decoding with a cache of keys and values
 * and the scoring of texts follow from the methods here.
 *
 * <pre>{@code
 * R rows, T new positions, S all positions with those of the cache, L width, V vocabulary
 * }</pre>
 */
public interface DecoderModel extends LanguageModel {
  /**
   * The last hidden states. Positions count tokens, not padding.
   *
   * @param x embeddings of the new positions, [R, T, L]
   * @param mask 1 for tokens, 0 for padding, over all positions, [R][S]
   * @param cache earlier positions; the new ones are added to it. Without one, S = T
   * @return [R, T, L]
   */
  Tensor forward(Tensor x, int[][] mask, @Nullable KeyValueCache cache, ForwardPass pass);

  /**
   * The last hidden states of texts that are packed into one row after the cached prompts.
   *
   * @param x their embeddings, [R, T, L]
   * @param texts their positions, and which positions each token attends to
   * @return [R, T, L]
   */
  Tensor forward(Tensor x, PackedSequences texts, KeyValueCache cache);

  /**
   * The logits of the next token.
   *
   * @param hidden [..., L]
   * @return [..., V]
   */
  Tensor logits(Tensor hidden);

  /** An empty cache for this model, with room for this number of positions. */
  KeyValueCache cache(int positions);

  /** The left side, so that all prompts end where their continuations begin. */
  @Override
  default Side paddingSide() {
    return Side.LEFT;
  }

  @Override
  default DecodingSession startDecoding(Tensor prompt, int[][] mask, int newTokens) {
    return new CachedDecodingSession(this, prompt, mask, newTokens);
  }

  @Override
  default SequenceScorer sequenceScorer(Tensor prompt, int[][] mask) {
    return new PackedSequenceScorer(this, prompt, mask);
  }
}
