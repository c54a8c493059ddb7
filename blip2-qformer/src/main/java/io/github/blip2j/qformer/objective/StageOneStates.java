package io.github.blip2j.qformer.objective;

import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the Q-Former computed for the three losses: an objective on top uses it and computes nothing
 * twice. It is recorded as far as a loss needs it.
 *
 * @param imageKeyValues keys and values of the images for cross-attention, of B images
 * @param queries the queries' output for the images, [B, Q, C]
 * @param textStarts of ITC and ITM: the output of each text's first token, without an image, [B, 1,
 *     C]
 * @param decoded of ITG: the output of the text's tokens, each of which has seen the queries and
 *     the tokens before it, [B, T, C]
 */
public record StageOneStates(
    CrossAttentionKeyValues imageKeyValues,
    Tensor queries,
    @Nullable Tensor textStarts,
    @Nullable Tensor decoded) {
  /** As above; {@link IllegalStateException} if neither ITC nor ITM was computed. */
  @Override
  public Tensor textStarts() {
    return StageOneOutput.computed("texts for itc or itm", textStarts);
  }

  /** As above; {@link IllegalStateException} if ITG was not computed. */
  @Override
  public Tensor decoded() {
    return StageOneOutput.computed("decoded texts for itg", decoded);
  }
}
