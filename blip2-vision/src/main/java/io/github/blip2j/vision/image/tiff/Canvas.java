package io.github.blip2j.vision.image.tiff;

import java.io.IOException;
import java.util.Locale;

/** The image that is being read: its samples in Pillow's mode, pixel by pixel. */
final class Canvas {
  // Some virtual machines cannot allocate the last few indices.
  private static final long MAX_SAMPLES = Integer.MAX_VALUE - 8L;

  private final int width;
  private final int channels;
  private final byte[] samples;

  Canvas(int width, int height, int channels) throws IOException {
    long size = (long) width * height * channels;
    if (size > MAX_SAMPLES) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "at most %d samples can be read, got %dx%dx%d",
              MAX_SAMPLES,
              width,
              height,
              channels));
    }
    this.width = width;
    this.channels = channels;
    this.samples = new byte[(int) size];
  }

  int width() {
    return width;
  }

  int channels() {
    return channels;
  }

  byte[] samples() {
    return samples;
  }

  /** The offset of the pixel at column {@code x} of row {@code y}. */
  int index(int x, int y) {
    return (y * width + x) * channels;
  }
}
