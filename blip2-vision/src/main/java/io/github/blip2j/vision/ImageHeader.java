package io.github.blip2j.vision;

import java.io.IOException;

/**
 * What a file says of its picture before any pixel: width and height in pixels as stored, and how
 * the stored picture lies, as in EXIF, 1 (upright) to 8.
 */
record ImageHeader(int width, int height, int orientation) {

  /**
   * A header whose sizes come from a file.
   *
   * @throws IOException if a size is not positive
   */
  static ImageHeader of(int width, int height, int orientation) throws IOException {
    if (width <= 0 || height <= 0) {
      throw new IOException("no size");
    }
    return new ImageHeader(width, height, orientation);
  }

  /** A header of a format that has no EXIF data. */
  static ImageHeader upright(int width, int height) throws IOException {
    return of(width, height, ExifOrientation.UPRIGHT);
  }

  /** Number of pixels. */
  long pixels() {
    return (long) width * height;
  }
}
