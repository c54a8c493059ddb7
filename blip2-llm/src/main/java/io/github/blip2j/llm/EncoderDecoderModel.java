package io.github.blip2j.llm;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Tensor;

/**
 * A language model whose encoder encodes the prompt and whose decoder generates an answer.
 *
 * <pre>{@code
 * B prompts, P positions of a prompt, T tokens of an answer, L width, V vocabulary
 * }</pre>
 */
public interface EncoderDecoderModel extends LanguageModel {
  /** The first token of the decoder. */
  int decoderStartId();

  /**
   * The decoder's last hidden states.
   *
   * @param prompt embeddings, [B, P, L]
   * @param promptMask 1 for tokens, 0 for padding, [B][P]
   * @param ids the decoder's input: the answers, each behind {@link #decoderStartId} and without
   *     its last token, [B, T]
   * @param mask 1 for tokens, 0 for padding, [B][T]
   * @return [B, T, L]
   */
  Tensor answer(Tensor prompt, int[][] promptMask, Tensor ids, int[][] mask, ForwardPass pass);

  /**
   * The logits of the next token.
   *
   * @param hidden [..., L]
   * @return [..., V]
   */
  Tensor logits(Tensor hidden);
}
