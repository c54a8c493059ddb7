package io.github.blip2j.vision;

import java.io.IOException;

/** An image file whose header has been read, so that its size is known before any pixel is. */
interface EncodedImage {
  /** Width in pixels, as stored: before any rotation. */
  int width();

  /** Height in pixels, as stored: before any rotation. */
  int height();

  /** How the stored picture lies, as in EXIF: 1 (upright) to 8. */
  default int orientation() {
    return ExifOrientation.UPRIGHT;
  }

  /**
   * The pixels as stored.
   *
   * @throws java.io.EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  RgbImage decode() throws IOException;
}
