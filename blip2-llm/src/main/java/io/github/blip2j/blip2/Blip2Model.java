package io.github.blip2j.blip2;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.Likelihoods;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.TextBatch;
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

  /** The same parameters in one memory, computing as {@code flavour} does. */
  Blip2Model withFlavour(Flavour flavour);

  /** The language model. */
  LanguageModel language();

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  Tensor encodeImage(Tensor pixels, Pass pass);

  /**
   * What the queries see: patch features [B, N, E] to [B, Q, C].
   *
   * @throws IllegalStateException if they read an instruction besides
   */
  Tensor encodeQueries(Tensor image, Pass pass);

  /**
   * What the queries see under an instruction, as in InstructBLIP (Dai et al. 2023, section 2.3).
   *
   * @param image patch features [B, N, E], or [1, N, E] for all
   * @param instructions B texts in the Q-Former's own words, see {@link Blip2#instructions}
   * @return [B, Q, C]
   * @throws IllegalStateException if they read none
   */
  Tensor encodeQueries(Tensor image, TextBatch instructions, Pass pass);

  /** The projection alone: query output [B, Q, C] to [B, Q, L], or wider, see {@link #place}. */
  Tensor project(Tensor queries);

  /** The soft prompt from the projection, [B, Q, L]. */
  Tensor place(Tensor projected);

  /** The model in one line: pixels [B, 3, H, W] to the soft prompt [B, Q, L]. */
  default Tensor imagePrompt(Tensor pixels, Pass pass) {
    return place(project(encodeQueries(encodeImage(pixels, pass), pass)));
  }

  /** InstructBLIP in one line: pixels [B, 3, H, W] and B texts to the soft prompt [B, Q, L]. */
  default Tensor imagePrompt(Tensor pixels, TextBatch instructions, Pass pass) {
    return place(project(encodeQueries(encodeImage(pixels, pass), instructions, pass)));
  }

  /**
   * How badly texts about images are predicted (section 3.2): the mean negative logarithm, in
   * float32, of the probability of every token that has a label. Scores are computed for these
   * alone.
   *
   * <p>A decoder predicts the labels of its own words, {@code labels} being as long as the texts; a
   * label of the first word is predicted by the last query. Hugging Face does not count that one in
   * checkpoints without an image token; ignore it to compute the same. A decoder with an encoder
   * before it writes the labels after reading the texts, and their lengths differ.
   *
   * @param imagePrompt [B, Q, L]
   * @param text what the language model reads behind the image, padded on the right
   * @param labels of each text, {@link io.github.blip2j.nn.TokenLoss#IGNORED} where nothing is to
   *     be learnt
   * @param pass of the language model, whose dropout is on if this trains
   * @return a scalar
   * @throws IllegalArgumentException if labels are of another length or no tokens
   */
  Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, Pass pass);

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
