package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;

/** The decoded samples of a component: all of them, or as many rows as are needed at once. */
final class SampleRows {
  final byte[] samples;
  final int stride;
  private final int capacity;
  private final int last;

  private SampleRows(Component component, int unit, int mcuRows) {
    stride = unit * component.paddedBlocksPerRow();
    capacity = mcuRows * unit * component.vertical;
    last = component.height - 1;
    samples = new byte[capacity * stride];
  }

  /** Rows of which those of the last {@code mcuRows} rows of MCUs are kept. */
  static SampleRows ofLast(Component component, int unit, int mcuRows) {
    return new SampleRows(component, unit, mcuRows);
  }

  /** The rows of all {@code mcuRows} rows of MCUs. */
  static SampleRows ofAll(Component component, int unit, int mcuRows) throws IOException {
    long samples =
        (long) unit * unit * mcuRows * component.vertical * component.paddedBlocksPerRow();
    if (samples > Integer.MAX_VALUE - 8) {
      throw new IOException("a component of " + samples + " samples is not supported");
    }
    return new SampleRows(component, unit, mcuRows);
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
