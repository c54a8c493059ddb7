package io.github.blip2j.pretraining;

import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import java.util.random.RandomGenerator;

/**
 * A pass of a batch through the first stage: its losses and everything that was computed for them.
 *
 * @param batch pixels and captions
 * @param texts the captions' token ids
 * @param padId the id with which texts are padded
 * @param pairs which captions show the same image
 * @param image the vision encoder's output, [B, N, E]
 * @param random the random source that negatives were drawn from, for further choices; in
 *     evaluation it gives the same numbers each time
 * @param output losses, features, and the states of queries and texts
 */
public record StageOnePass(
    CaptionBatch batch,
    TextBatch texts,
    int padId,
    Pairs pairs,
    Tensor image,
    RandomGenerator random,
    StageOneOutput output) {
  /**
   * The weighted sum of the losses, with {@code itc}, {@code itm} and {@code itg} as parts, as far
   * as they have a weight.
   */
  public Losses losses() {
    return new Losses(output.total(), output.parts());
  }
}
