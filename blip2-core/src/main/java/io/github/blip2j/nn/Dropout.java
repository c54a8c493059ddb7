package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * Zeroes elements with a probability and scales the others up, so that the expectation stays
 * (Srivastava et al. 2014). Without a training {@link Pass} it is the identity.
 */
public final class Dropout {
  private final double probability;

  /**
   * With this probability of zero.
   *
   * @throws IllegalArgumentException unless it is in [0, 1)
   */
  public Dropout(double probability) {
    if (!(probability >= 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "dropout: probability expected in [0, 1), got " + probability);
    }
    this.probability = probability;
  }

  /** The tensor itself, or a thinned copy while training. */
  public Tensor forward(Tensor x, Pass pass) {
    RandomGenerator random = pass.random();
    if (random == null || probability == 0) {
      return x;
    }
    return x.dropout(probability, random.nextLong());
  }

  /** Whether {@link #forward} would change anything. */
  public boolean isActive(Pass pass) {
    return pass.random() != null && probability > 0;
  }
}
