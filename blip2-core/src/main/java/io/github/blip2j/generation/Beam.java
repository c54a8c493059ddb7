package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;

/**
 * A running sequence of a beam search.
 *
 * @param score sum of the processed log-probabilities of its new tokens
 * @param beamIndex the row of the model's last call that it extends
 */
record Beam(TokenHistory history, float score, int beamIndex) {}
