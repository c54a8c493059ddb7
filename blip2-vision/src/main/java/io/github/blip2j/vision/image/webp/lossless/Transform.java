package io.github.blip2j.vision.image.webp.lossless;

/** A reversible change of pixels that makes them easier to store (RFC 9649, section 3.5). */
interface Transform {
  /**
   * Undoes it for one row of pixels, in place. Rows come from the top down.
   *
   * @param y number of the row
   */
  void invert(int[] row, int y);
}
