package io.github.blip2j.vision.image;

/**
 * Resamples a line by the cubic spline through its samples (Unser 1999, "Splines: a perfect fit for
 * signal and image processing"), zero beyond its ends. Equal to scikit-image's {@code resize} of
 * order 3, which takes samples as centres of cells.
 */
final class CubicSpline {
  // Coefficients decay by this factor from sample to sample.
  private static final double POLE = Math.sqrt(3) - 2;
  private static final int MARGIN = 12; // POLE to the 12th is 1e-7

  private CubicSpline() {}

  /** Resamples {@code line} to {@code to} samples over the same length. */
  static double[] resize(double[] line, int to) {
    double[] c = coefficients(line);
    double[] result = new double[to];
    for (int i = 0; i < to; i++) {
      double x = (i + 0.5) * line.length / to - 0.5;
      int below = (int) Math.floor(x);
      double t = x - below;
      int at = below + MARGIN;
      result[i] =
          c[at - 1] * cube(1 - t) / 6
              + c[at] * inner(t)
              + c[at + 1] * inner(1 - t)
              + c[at + 2] * cube(t) / 6;
    }
    return result;
  }

  /**
   * Coefficients of the B-splines whose sum passes through the samples, by one pass in each
   * direction.
   */
  private static double[] coefficients(double[] line) {
    double[] c = new double[line.length + 2 * MARGIN];
    for (int i = 0; i < line.length; i++) {
      c[MARGIN + i] = (1 - POLE) * (1 - 1 / POLE) * line[i];
    }
    for (int i = 1; i < c.length; i++) {
      c[i] += POLE * c[i - 1];
    }
    c[c.length - 1] *= POLE / (POLE * POLE - 1);
    for (int i = c.length - 2; i >= 0; i--) {
      c[i] = POLE * (c[i + 1] - c[i]);
    }
    return c;
  }

  /** The cubic B-spline within one cell of its centre. */
  private static double inner(double t) {
    return (4 - 6 * t * t + 3 * cube(t)) / 6;
  }

  private static double cube(double t) {
    return t * t * t;
  }
}
