package io.github.blip2j.data;

import io.github.blip2j.training.StepRandom;
import java.util.random.RandomGenerator;

/**
 * The order of samples in an epoch: a permutation drawn from the seed and the epoch, and therefore
 * reproducible (Fisher and Yates 1938, in the form of Durstenfeld 1964).
 */
public final class EpochOrder {
  private EpochOrder() {}

  /** The numbers 0 to {@code size - 1}, shuffled. */
  public static int[] of(int size, long seed, int epoch) {
    int[] order = new int[size];
    RandomGenerator random = StepRandom.ofEpoch(seed, epoch);
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
