package io.github.blip2j.blip2;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.Likelihoods;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import java.util.List;

/**
 * A BLIP-2 that writes (Li et al. 2023, figures 1 and 3): what the queries see in an image stands,
 * as a soft prompt, before the words that a language model reads.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public sealed interface Blip2Model permits Blip2Opt, Blip2T5 {
  /** The sizes. */
  Blip2Config config();

  /** The language model. */
  LanguageModel language();

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  Tensor encodeImage(Tensor pixels, Pass pass);

  /** What the queries see: patch features [B, N, E] to [B, Q, C]. */
  Tensor encodeQueries(Tensor image, Pass pass);

  /** The projection alone: query output [B, Q, C] to [B, Q, L], or wider, see {@link #place}. */
  Tensor project(Tensor queries);

  /** The soft prompt from the projection, [B, Q, L]. */
  Tensor place(Tensor projected);

  /** The model in one line: pixels [B, 3, H, W] to the soft prompt [B, Q, L]. */
  default Tensor imagePrompt(Tensor pixels, Pass pass) {
    return place(project(encodeQueries(encodeImage(pixels, pass), pass)));
  }

  /**
   * Continues each prompt, or answers it where the language model has a decoder of its own.
   *
   * @param imagePrompts of all images in the prompts, in order, [images, Q, L]
   * @param text the prompts, padded on the language model's side
   * @param newTokens the most tokens that may follow
   */
  List<List<Sequence>> generate(
      Tensor imagePrompts, PromptBatch text, Generator generator, int newTokens);

  /**
   * Reads each prompt once, to say in the current scope how likely any texts follow it.
   *
   * @param imagePrompts of all images in the prompts, in order, [images, Q, L]
   * @param text the prompts, padded on the language model's side
   */
  Likelihoods likelihoods(Tensor imagePrompts, PromptBatch text);
}
