package io.github.blip2j.training.parallel;

import io.github.blip2j.tensor.types.Precision;
import java.util.Locale;

/**
 * How ranks add their gradients.
 *
 * @param precision of the numbers that are sent: float32, or bfloat16, half as many bytes, with
 *     three digits of each gradient. Sums are in float32
 * @param overlapping whether sums begin while the backward pass goes on. Every rank must then
 *     differentiate the same operations in the same order; an objective whose operations depend on
 *     a rank's data, and that exchanges rows in its backward pass, has to do without
 */
public record GradientExchange(Precision precision, boolean overlapping) {
  /** In float32, while the backward pass goes on. */
  public static final GradientExchange DEFAULT = new GradientExchange(Precision.FLOAT32, true);

  /** Checks the precision. */
  public GradientExchange {
    if (precision != Precision.FLOAT32 && precision != Precision.BFLOAT16) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "gradient sums: precision expected float32 or bfloat16, got %s",
              precision));
    }
  }

  /** This with another {@code precision}. */
  public GradientExchange withPrecision(Precision value) {
    return new GradientExchange(value, overlapping);
  }

  /** This with another {@code overlapping}. */
  public GradientExchange withOverlapping(boolean value) {
    return new GradientExchange(precision, value);
  }
}
