package io.github.blip2j.generation;

/**
 * A finished sequence of a beam search.
 *
 * @param score divided by the length penalty
 */
record Hypothesis(TokenHistory history, float score) {}
