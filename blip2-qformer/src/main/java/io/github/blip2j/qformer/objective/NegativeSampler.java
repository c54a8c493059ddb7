package io.github.blip2j.qformer.objective;

import java.util.random.RandomGenerator;

/** Chooses the pairs that matching has to tell apart. */
@FunctionalInterface
public interface NegativeSampler {
  /**
   * Chooses for every own pair a negative image and a negative text.
   *
   * @param random where to draw from
   */
  Negatives sample(Similarities similarities, Pairs pairs, RandomGenerator random);
}
