package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Locale;

/**
 * The size and orientation in an image file: width and height in pixels as stored, and the EXIF
 * orientation, 1 (upright) to 8.
 */
public record ImageHeader(int width, int height, int orientation) {
  /** Samples of one pixel: red, green and blue. */
  public static final int CHANNELS = 3;

  /** The orientation of an image that is stored upright. */
  public static final int UPRIGHT = 1;

  // Some virtual machines cannot allocate the last few indices.
  private static final long MAX_SAMPLES = Integer.MAX_VALUE - 8L;

  /**
   * A header with sizes from a file.
   *
   * @throws IOException if a size is not positive
   */
  public static ImageHeader of(int width, int height, int orientation) throws IOException {
    if (width <= 0 || height <= 0) {
      throw new IOException("no size");
    }
    return new ImageHeader(width, height, orientation);
  }

  /** A header without EXIF data. */
  public static ImageHeader upright(int width, int height) throws IOException {
    return of(width, height, UPRIGHT);
  }

  /** The number of pixels. */
  public long pixels() {
    return (long) width * height;
  }

  /**
   * A fresh array for {@code height * width} samples of red, green and blue.
   *
   * @throws IOException if one array can't hold them
   */
  public byte[] newSamples() throws IOException {
    if (pixels() > MAX_SAMPLES / CHANNELS) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "at most %d pixels can be read, got %dx%d",
              MAX_SAMPLES / CHANNELS,
              width,
              height));
    }
    return new byte[(int) pixels() * CHANNELS];
  }
}
