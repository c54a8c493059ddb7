package io.github.blip2j.vision.image.webp.lossy;

import java.util.Arrays;

/**
 * One channel of a frame, with the samples that prediction uses beyond its edges, above (127) and
 * to the left (129) (RFC 6386, section 12.2).
 */
final class Plane {
  private static final int MARGIN = 8;
  private static final byte ABOVE = 127;
  private static final byte LEFT = (byte) 129;

  private final byte[] samples;
  private final int stride;

  /** A plane of whole macroblocks of {@code size} by {@code size} samples. */
  Plane(int columns, int rows, int size) {
    stride = columns * size + MARGIN;
    int height = rows * size;
    samples = new byte[(height + 1) * stride];
    Arrays.fill(samples, 0, stride, ABOVE);
    for (int y = 0; y < height; y++) {
      samples[at(-1, y)] = LEFT;
    }
  }

  byte[] samples() {
    return samples;
  }

  /** The distance between two rows in {@link #samples}. */
  int stride() {
    return stride;
  }

  /** The index of a sample in {@link #samples}. */
  int at(int x, int y) {
    return (y + 1) * stride + MARGIN + x;
  }
}
