package io.github.blip2j.vision.image;

import java.util.Locale;

/**
 * The weighted windows for resizing a line of {@code from} pixels to {@code to} pixels, in fixed
 * point with 22 fractional bits, as in Pillow.
 *
 * <p>Pixel {@code i} of the result is the sum of {@code weight(i, k) * source[first(i) + k]} for
 * {@code k < length(i)}. The weights of a window sum to about 2^22.
 */
final class ResamplingWeights {
  /** Fractional bits: 32 less 8 of the sample less 2 for weights outside 0..1. */
  static final int BITS = 22;

  /** Half a level: sums start here, so that the shift rounds. */
  static final int HALF = 1 << (BITS - 1);

  // A quarter of a gigabyte of weights, for lines of some 16 million pixels.
  private static final long MAX_WEIGHTS = 1L << 26;

  private final int[] first;
  private final int[] offset;
  private final int[] weights;

  ResamplingWeights(int from, int to, Resampling resampling) {
    double scale = (double) from / to;
    double stretch = Math.max(scale, 1);
    double support = resampling.support() * stretch;
    long longest = (long) Math.ceil(support) * 2 + 1;
    if (longest * to > MAX_WEIGHTS) {
      throw new UnresizableImageException(
          String.format(
              Locale.ROOT,
              "resize: side of %d pixels expected to need at most %d weights, got %d for %d pixels",
              from,
              MAX_WEIGHTS,
              longest * to,
              to));
    }
    first = new int[to];
    offset = new int[to + 1];
    weights = new int[(int) (longest * to)];
    double[] window = new double[(int) longest];
    for (int i = 0; i < to; i++) {
      double center = (i + 0.5) * scale;
      first[i] = Math.max(0, (int) (center - support + 0.5));
      int length = Math.min(from, (int) (center + support + 0.5)) - first[i];
      double sum = 0;
      for (int k = 0; k < length; k++) {
        // Multiplying by the reciprocal instead of dividing is necessary for equal bits.
        window[k] = resampling.weight((k + first[i] - center + 0.5) * (1 / stretch));
        sum += window[k];
      }
      offset[i + 1] = offset[i] + length;
      for (int k = 0; k < length; k++) {
        weights[offset[i] + k] = fixedPoint(sum == 0 ? window[k] : window[k] / sum);
      }
    }
  }

  /** Rounds half away from zero; a cast truncates towards it. */
  private static int fixedPoint(double weight) {
    double scaled = weight * (1 << BITS);
    return (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }

  /** The number of pixels in the result. */
  int size() {
    return first.length;
  }

  int first(int i) {
    return first[i];
  }

  int length(int i) {
    return offset[i + 1] - offset[i];
  }

  int weight(int i, int k) {
    return weights[offset[i] + k];
  }

  /** All weights, window after window. */
  int[] weights() {
    return weights;
  }

  /** The offset of the window of pixel {@code i} in {@link #weights()}. */
  int offset(int i) {
    return offset[i];
  }

  /** The level that a finished sum rounds to. */
  static int level(int sum) {
    return Math.min(255, Math.max(0, sum >> BITS));
  }
}
