package io.github.blip2j.vision.image.jpeg;

/**
 * The decoded samples of a component: the rows of two rows of MCUs, the older of which give way to
 * the next.
 */
final class SampleRows {
  final byte[] samples;
  final int stride;
  private final int capacity;
  private final int last;

  SampleRows(Component component) {
    stride = 8 * component.paddedBlocksPerRow();
    capacity = 2 * 8 * component.vertical;
    last = component.height - 1;
    samples = new byte[capacity * stride];
  }

  /** Where row {@code y} begins. */
  int offset(int y) {
    return y % capacity * stride;
  }

  /** Where row {@code y} begins, or the first or the last row of the picture if it lies beyond. */
  int nearest(int y) {
    return offset(Math.max(0, Math.min(last, y)));
  }
}
