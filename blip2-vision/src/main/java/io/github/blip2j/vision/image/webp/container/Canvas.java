package io.github.blip2j.vision.image.webp.container;

/**
 * Where the rows of a frame go: samples of red, green and blue of the whole picture.
 *
 * @param samples of the picture, row by row
 * @param origin of the frame within them
 * @param stride how far apart two rows are
 */
@SuppressWarnings("ArrayRecordComponent")
public // the array is what is written to
record Canvas(byte[] samples, int origin, int stride) {
  /** Where row {@code y} of the frame begins. */
  public int at(int y) {
    return origin + y * stride;
  }
}
