package io.github.blip2j.vision.image.webp.lossy;

import java.util.Arrays;

/**
 * Predicts a square block of luma or chroma from its neighbours above and to the left (RFC 6386,
 * sections 12.2 and 12.3).
 */
final class BlockPrediction {
  private static final byte GRAY = (byte) 128;

  private BlockPrediction() {}

  /**
   * Fills {@code size * size} samples at {@code at}.
   *
   * @param hasAbove false in the first row of macroblocks
   * @param hasLeft false in the first column
   */
  static void predict(int mode, Plane plane, int at, int size, boolean hasAbove, boolean hasLeft) {
    byte[] samples = plane.samples();
    int stride = plane.stride();
    switch (mode) {
      case IntraModes.TRUE_MOTION -> trueMotion(samples, at, stride, size);
      case IntraModes.VERTICAL -> {
        for (int y = 0; y < size; y++) {
          System.arraycopy(samples, at - stride, samples, at + y * stride, size);
        }
      }
      case IntraModes.HORIZONTAL -> {
        for (int y = 0; y < size; y++) {
          int row = at + y * stride;
          Arrays.fill(samples, row, row + size, samples[row - 1]);
        }
      }
      default -> {
        byte mean = mean(samples, at, stride, size, hasAbove, hasLeft);
        for (int y = 0; y < size; y++) {
          int row = at + y * stride;
          Arrays.fill(samples, row, row + size, mean);
        }
      }
    }
  }

  /** The gradient: left + above - corner, clipped. */
  static void trueMotion(byte[] samples, int at, int stride, int size) {
    int above = at - stride;
    int corner = samples[above - 1] & 0xFF;
    for (int y = 0; y < size; y++) {
      int row = at + y * stride;
      int step = (samples[row - 1] & 0xFF) - corner;
      for (int x = 0; x < size; x++) {
        int sum = (samples[above + x] & 0xFF) + step;
        samples[row + x] = (byte) Math.max(0, Math.min(255, sum));
      }
    }
  }

  private static byte mean(
      byte[] samples, int at, int stride, int size, boolean hasAbove, boolean hasLeft) {
    int sum = 0;
    int count = 0;
    if (hasAbove) {
      for (int x = 0; x < size; x++) {
        sum += samples[at - stride + x] & 0xFF;
      }
      count += size;
    }
    if (hasLeft) {
      for (int y = 0; y < size; y++) {
        sum += samples[at + y * stride - 1] & 0xFF;
      }
      count += size;
    }
    return count == 0 ? GRAY : (byte) ((sum + count / 2) / count);
  }
}
