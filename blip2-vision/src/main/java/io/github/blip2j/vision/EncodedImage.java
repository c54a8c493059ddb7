package io.github.blip2j.vision;

import java.io.IOException;

/** An image file whose header has been read, so that its size is known before any pixel is. */
interface EncodedImage {
  /**
   * Its size and how it lies.
   *
   * @throws IOException if the file states no size, with the reason alone as its message
   */
  ImageHeader header() throws IOException;

  /**
   * The pixels as stored.
   *
   * @throws java.io.EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  RgbImage decode() throws IOException;
}
