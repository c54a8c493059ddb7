package io.github.blip2j.vision.image.codec;

import java.io.IOException;

/**
 * An image file whose header has been parsed, so that its size is known before its pixels are
 * decoded.
 */
public interface EncodedImage {
  /**
   * Size and orientation.
   *
   * @throws IOException if the file states no size, with the reason alone as its message
   */
  ImageHeader header() throws IOException;

  /**
   * The pixels as stored: {@code height * width} samples of red, green and blue, row by row.
   *
   * @throws java.io.EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  byte[] decode() throws IOException;
}
