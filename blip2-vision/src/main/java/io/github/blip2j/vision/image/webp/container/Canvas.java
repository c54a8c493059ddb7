package io.github.blip2j.vision.image.webp.container;

/**
 * The target of a frame's rows: red, green and blue samples of the whole image.
 *
 * @param samples of the image, row by row
 * @param origin offset of the frame in the samples
 * @param stride distance between two rows
 */
@SuppressWarnings("ArrayRecordComponent")
public // the array is what is written to
record Canvas(byte[] samples, int origin, int stride) {
  /** The offset of row {@code y} of the frame. */
  public int at(int y) {
    return origin + y * stride;
  }
}
