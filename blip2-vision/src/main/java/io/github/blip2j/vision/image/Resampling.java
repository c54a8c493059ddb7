package io.github.blip2j.vision.image;

/**
 * The filters for resizing, in the order of Pillow's codes, which {@code preprocessor_config.json}
 * stores as {@code resample}.
 */
public enum Resampling {
  /** The nearest pixel to the centre. */
  NEAREST(0, 0),
  /** A windowed sinc over three pixels to each side. */
  LANCZOS(1, 3),
  /** A triangle over one pixel to each side. */
  BILINEAR(2, 1),
  /** Keys' cubic with a = -0.5 over two pixels to each side; BLIP-2 was trained with it. */
  BICUBIC(3, 2),
  /** The mean of the covered pixels. */
  BOX(4, 0.5),
  /** A windowed sinc over one pixel to each side. */
  HAMMING(5, 1);

  private final int code;
  private final double support;

  Resampling(int code, double support) {
    this.code = code;
    this.support = support;
  }

  /**
   * The filter with Pillow's code.
   *
   * @throws IllegalArgumentException if the code is not 0 to 5
   */
  static Resampling ofCode(int code) {
    for (Resampling resampling : values()) {
      if (resampling.code == code) {
        return resampling;
      }
    }
    throw new IllegalArgumentException("resample expected 0 to 5, got " + code);
  }

  /** Pillow's code. */
  int code() {
    return code;
  }

  /** The radius of the filter, in pixels of the smaller image. */
  double support() {
    return support;
  }

  /** The weight of a pixel at distance {@code x}; not for {@link #NEAREST}. */
  double weight(double x) {
    return switch (this) {
      case NEAREST -> throw new AssertionError("nearest: weights expected from another filter");
      case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
      case BILINEAR -> Math.max(0, 1 - Math.abs(x));
      case HAMMING -> hamming(Math.abs(x));
      case BICUBIC -> cubic(Math.abs(x));
      case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    };
  }

  private static double hamming(double x) {
    if (x == 0) {
      return 1;
    }
    // Pillow writes these two constants in single precision.
    return x >= 1 ? 0 : sinc(x) * (0.54f + 0.46f * Math.cos(x * Math.PI));
  }

  /** The cubic of Keys 1981, equation 4; the order of the operations decides the last bit. */
  private static double cubic(double x) {
    double a = -0.5;
    if (x < 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
  }
}
