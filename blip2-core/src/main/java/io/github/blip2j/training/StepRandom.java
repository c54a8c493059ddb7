package io.github.blip2j.training;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Reproducible random sources: each depends only on the seed and on its use, an update or a sample
 * of an epoch, so that checkpoints need no generator state.
 */
public final class StepRandom {
  private static final long OF_EPOCH = 0x45706F6368L; // separates orders from updates
  private static final long OF_SAMPLE = 0x53616D706C65L;

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private StepRandom() {}

  /** The source of the update after {@code step} updates, as {@link TrainStep} draws from it. */
  public static RandomGenerator of(long seed, long step) {
    // Mixed twice: SplittableRandom itself counts up by GOLDEN, so plain sums of seed and step
    // would
    // give streams that continue each other.
    return new SplittableRandom(mix(mix(seed) + step * GOLDEN));
  }

  /** The source of an epoch's order. */
  public static RandomGenerator ofEpoch(long seed, int epoch) {
    return of(mix(seed ^ OF_EPOCH), epoch);
  }

  /** The source of a sample's random choices in an epoch, such as its crop. */
  public static RandomGenerator ofSample(long seed, int epoch, long sample) {
    return of(mix(mix(seed ^ OF_SAMPLE) + epoch * GOLDEN), sample);
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014, variant 13 by Stafford). */
  private static long mix(long bits) {
    long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
