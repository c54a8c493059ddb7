package io.github.blip2j.pretraining;

import io.github.blip2j.nn.ForwardPass;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The random source of an objective: negatives, and the places where captions are split. */
final class ObjectiveRandom {
  private ObjectiveRandom() {}

  /** The source of a pass. Evaluation has none of its own, and draws the same numbers each time. */
  static RandomGenerator of(ForwardPass pass) {
    @Nullable RandomGenerator random = pass.random();
    return random == null ? new SplittableRandom(0) : random;
  }
}
