package io.github.blip2j.qformer.objective;

import java.util.random.RandomGenerator;

/** Chooses hard negatives for image-text matching. */
@FunctionalInterface
public interface NegativeSampler {
  /**
   * Chooses a negative image and a negative text for every own pair.
   *
   * @param random the random source
   */
  Negatives sample(Similarities similarities, Pairs pairs, RandomGenerator random);
}
