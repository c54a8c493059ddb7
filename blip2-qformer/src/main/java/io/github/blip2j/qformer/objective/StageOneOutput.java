package io.github.blip2j.qformer.objective;

import io.github.blip2j.tensor.Tensor;

/**
 * The losses of a batch, and the matching logits.
 *
 * @param total the weighted sum, a scalar
 * @param contrast ITC, a scalar
 * @param matching ITM, a scalar
 * @param generation ITG, a scalar
 * @param matchLogits [3B, 2]: matched pairs, texts with negative images, images with negative texts
 * @param states what the losses were computed from, for further objectives
 */
public record StageOneOutput(
    Tensor total,
    Tensor contrast,
    Tensor matching,
    Tensor generation,
    Features features,
    Similarities similarities,
    Negatives negatives,
    Tensor matchLogits,
    StageOneStates states) {}
