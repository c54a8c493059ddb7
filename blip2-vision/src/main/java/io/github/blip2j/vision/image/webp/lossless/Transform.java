package io.github.blip2j.vision.image.webp.lossless;

/** A reversible transform of pixels that makes them easier to compress (RFC 9649, section 3.5). */
interface Transform {
  /**
   * Inverts the transform for one row of pixels, in place. Rows come from the top down.
   *
   * @param y number of the row
   */
  void invert(int[] row, int y);
}
