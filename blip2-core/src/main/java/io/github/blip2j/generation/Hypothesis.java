package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;

/**
 * A finished sequence of a beam search.
 *
 * @param score divided by the length penalty
 */
record Hypothesis(TokenHistory history, float score) {}
