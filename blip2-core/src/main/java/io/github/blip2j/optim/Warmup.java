package io.github.blip2j.optim;

/**
 * The linear start of a learning rate.
 *
 * @param from the rate of the very first batch; LAVIS's {@code warmup_lr}
 * @param batches the number of batches until the full rate; LAVIS's {@code warmup_steps}
 */
public record Warmup(double from, long batches) {
  /** Checks them. */
  public Warmup {
    if (!(from >= 0 && from < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "warmup: from expected at least 0 and finite, got " + from);
    }
    if (batches < 0) {
      throw new IllegalArgumentException("warmup: batches expected at least 0, got " + batches);
    }
  }

  /** The rate at a batch, at most {@code full}. */
  double at(long batch, double full) {
    return Math.min(full, from + (full - from) * batch / Math.max(batches, 1));
  }
}
