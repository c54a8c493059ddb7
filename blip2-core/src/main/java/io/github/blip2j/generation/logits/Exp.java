package io.github.blip2j.generation.logits;

/**
 * The exponential function for weights of a softmax, to a relative error of 1e-8. Decoding takes it
 * of every score of every row, and {@link Math#exp} costs half as much again for digits that
 * float32 can't hold.
 */
public final class Exp {
  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN_2 = 0.6931471805599453;
  private static final int BIAS = 1023;
  private static final int FRACTION_BITS = 52;

  private Exp() {}

  /** {@code exp(x)} for {@code x <= 0}, and 0 below -700 and for {@code -inf}. */
  public static double ofNegative(double x) {
    if (x < -700) {
      return 0;
    }
    // exp(x) = 2^n exp(r) with |r| <= ln(2) / 2, where eight terms of the series suffice.
    double n = Math.rint(x * LOG2_E);
    double r = x - n * LN_2;
    double tail = 1.0 / 120 + r * (1.0 / 720 + r * (1.0 / 5040));
    double series = 1 + r * (1 + r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * tail))));
    return series * Double.longBitsToDouble(((long) n + BIAS) << FRACTION_BITS);
  }
}
