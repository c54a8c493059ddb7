package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DropoutSpec;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Zeroes elements with a probability and scales the others up, so that the expectation is unchanged
 * (Srivastava et al. 2014). Without a training {@link ForwardPass} it is the identity.
 */
public final class Dropout {
  private final double probability;

  /**
   * Builds dropout with this probability of zero.
   *
   * @throws IllegalArgumentException unless it is in [0, 1)
   */
  public Dropout(double probability) {
    this.probability = new DropoutSpec(probability, 0).probability(); // checked there
  }

  /** The tensor itself, or a copy with dropout while training. */
  public Tensor forward(Tensor x, ForwardPass pass) {
    DropoutSpec spec = spec(pass);
    return spec == null ? x : x.dropout(spec);
  }

  /**
   * The dropout of the next tensor of a training pass, with a seed from the pass's random source;
   * null for none.
   */
  public @Nullable DropoutSpec spec(ForwardPass pass) {
    RandomGenerator random = pass.random();
    return random == null || probability == 0
        ? null
        : new DropoutSpec(probability, random.nextLong(), pass.rows());
  }

  /** Whether {@link #forward} would change anything. */
  public boolean isActive(ForwardPass pass) {
    return pass.isTraining() && probability > 0;
  }
}
