package io.github.blip2j.tensor.types;

/**
 * Dropout of one tensor in one pass: how much of it goes, and which elements.
 *
 * @param probability of being zeroed, in [0, 1)
 * @param seed the same seed drops the same places
 */
public record DropoutSpec(double probability, long seed) {
  /** Checks the probability. */
  public DropoutSpec {
    if (!(probability >= 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "dropout: probability expected in [0, 1), got " + probability);
    }
  }
}
