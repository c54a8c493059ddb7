package io.github.blip2j.vision.image;

/** Matplotlib's colour map {@code jet}: from dark blue for 0, over green, to dark red for 1. */
final class Jet {
  private static final int COLOURS = 256;

  private Jet() {}

  /** Red of a value in [0, 1], itself in [0, 1]. */
  static double red(double value) {
    double x = step(value);
    return Math.min(ramp(x, 0.35, 0.66), 0.5 + 0.5 * ramp(x, 1, 0.89));
  }

  /** Green of a value in [0, 1], itself in [0, 1]. */
  static double green(double value) {
    double x = step(value);
    return Math.min(ramp(x, 0.125, 0.375), ramp(x, 0.91, 0.64));
  }

  /** Blue of a value in [0, 1], itself in [0, 1]. */
  static double blue(double value) {
    double x = step(value);
    return Math.min(0.5 + 0.5 * ramp(x, 0, 0.11), ramp(x, 0.65, 0.34));
  }

  /** Rounds down to one of the map's 256 colours. */
  private static double step(double value) {
    return Math.min(COLOURS - 1, Math.floor(value * COLOURS)) / (COLOURS - 1);
  }

  /** 0 at {@code zero}, 1 at {@code one}, linear between them and constant beyond. */
  private static double ramp(double x, double zero, double one) {
    return Math.max(0, Math.min(1, (x - zero) / (one - zero)));
  }
}
