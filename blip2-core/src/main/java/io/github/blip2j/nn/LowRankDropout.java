package io.github.blip2j.nn;

import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.RowShare;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The dropout of the inputs of all {@linkplain LowRankUpdate low-rank updates} of a model.
 *
 * <p>Linear maps know no {@link ForwardPass}, so the objective announces each pass by {@link
 * #begin}. The elements that a map drops depend on that pass and on the map's name alone, so that
 * gradient checkpointing drops the same ones again.
 */
public final class LowRankDropout {
  private final double probability;
  private @Nullable Long seed; // of the pass; null while evaluating
  private RowShare rows = RowShare.ALL;

  /**
   * Dropout with this probability of zero, off until a training pass begins.
   *
   * @throws IllegalArgumentException unless it is in [0, 1)
   */
  public LowRankDropout(double probability) {
    this.probability = new DropoutSpec(probability, 0).probability(); // checked there
  }

  /** The probability of zero. */
  public double probability() {
    return probability;
  }

  /** Draws the dropout of a pass that begins; an evaluation has none. */
  public void begin(ForwardPass pass) {
    RandomGenerator random = pass.random();
    rows = pass.rows();
    seed = random == null || probability == 0 ? null : random.nextLong();
  }

  /** The dropout of a map's input in this pass; null for none. */
  @Nullable DropoutSpec of(String name) {
    Long drawn = seed;
    return drawn == null ? null : new DropoutSpec(probability, drawn + 31L * name.hashCode(), rows);
  }
}
