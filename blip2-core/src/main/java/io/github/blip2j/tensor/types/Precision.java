package io.github.blip2j.tensor.types;

import java.util.Locale;

/**
 * How the matrices of a model are stored and multiplied, from the most exact to the smallest. Sums,
 * norms, softmax and the stream between the layers are float32 in all of them.
 */
public enum Precision {
  /** Four bytes a weight; nothing is rounded. */
  FLOAT32,
  /** Two bytes a weight, rounded to eight significant bits. */
  BFLOAT16,
  /**
   * One byte a weight, with a scale for each output; what is multiplied is rounded to integers too,
   * with a scale for each token.
   */
  INT8;

  /** The more exact of the two. */
  public Precision atLeast(Precision other) {
    return compareTo(other) < 0 ? this : other;
  }

  /**
   * The precision called {@code name} on a command line, such as {@code "bfloat16"}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Precision named(String name) {
    for (Precision precision : values()) {
      if (precision.toString().equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "precision: name expected float32, bfloat16 or int8, got " + name);
  }

  /** The name on a command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
