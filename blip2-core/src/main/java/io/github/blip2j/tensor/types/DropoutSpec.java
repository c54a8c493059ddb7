package io.github.blip2j.tensor.types;

/**
 * Dropout of one tensor in one pass: how much of it goes, and which elements.
 *
 * @param probability of being zeroed, in [0, 1)
 * @param seed the same seed drops the same places
 * @param rows which rows of a larger batch the tensor has; it loses what it would lose in there
 */
public record DropoutSpec(double probability, long seed, RowShare rows) {
  /** Dropout of a tensor that is no share of a larger one. */
  public DropoutSpec(double probability, long seed) {
    this(probability, seed, RowShare.ALL);
  }

  /** Checks the probability. */
  public DropoutSpec {
    if (!(probability >= 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "dropout: probability expected in [0, 1), got " + probability);
    }
  }
}
