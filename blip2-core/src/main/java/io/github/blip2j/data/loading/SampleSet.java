package io.github.blip2j.data.loading;

/** Samples that are read one by one, in an order for each epoch. */
public interface SampleSet {
  /** The number of samples. */
  int size();

  /**
   * The order of the samples in an epoch: each of the numbers 0 to {@code size() - 1} once. It
   * depends on seed and epoch alone.
   */
  int[] order(long seed, int epoch);
}
