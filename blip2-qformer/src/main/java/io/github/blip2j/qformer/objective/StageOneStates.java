package io.github.blip2j.qformer.objective;

import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.tensor.Tensor;

/**
 * What the Q-Former computed for the three losses, recorded: an objective on top uses it and
 * computes nothing twice.
 *
 * @param imageKeyValues keys and values of the images for cross-attention, of B images
 * @param queries the queries' output for the images, [B, Q, C]
 * @param textStarts the output of each text's first token, without an image, [B, 1, C]
 * @param decoded the output of the text's tokens, each of which has seen the queries and the tokens
 *     before it, [B, T, C]
 */
public record StageOneStates(
    CrossAttentionKeyValues imageKeyValues, Tensor queries, Tensor textStarts, Tensor decoded) {}
