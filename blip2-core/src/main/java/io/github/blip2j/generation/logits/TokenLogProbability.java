package io.github.blip2j.generation.logits;

/**
 * A token that could stand at a place.
 *
 * @param token its id
 * @param logProbability the natural logarithm of its probability by the model
 */
public record TokenLogProbability(int token, float logProbability) {}
