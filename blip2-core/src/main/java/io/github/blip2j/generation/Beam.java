package io.github.blip2j.generation;

/**
 * A running sequence of a beam search.
 *
 * @param score sum of the processed log-probabilities of its new tokens
 * @param parentRow the row of the model's last call that it extends
 */
record Beam(TokenHistory history, float score, int parentRow) {}
