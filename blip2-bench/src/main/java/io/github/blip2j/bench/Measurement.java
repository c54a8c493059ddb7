package io.github.blip2j.bench;

/**
 * The time of one figure, in milliseconds.
 *
 * @param ms the median
 * @param runs the number of timed runs
 */
public record Measurement(Figure figure, double ms, double minMs, double maxMs, int runs) {}
