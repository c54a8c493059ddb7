package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;

/** The decoded samples of a component: all rows, or as many as are needed at once. */
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

  /** A buffer for the last {@code mcuRows} rows of MCUs: older rows are overwritten. */
  static SampleRows ofLast(Component component, int unit, int mcuRows) {
    return new SampleRows(component, unit, mcuRows);
  }

  /** A buffer for all {@code mcuRows} rows of MCUs. */
  static SampleRows ofAll(Component component, int unit, int mcuRows) throws IOException {
    long samples =
        (long) unit * unit * mcuRows * component.vertical * component.paddedBlocksPerRow();
    if (samples > Integer.MAX_VALUE - 8) {
      throw new IOException("a component of " + samples + " samples is not supported");
    }
    return new SampleRows(component, unit, mcuRows);
  }

  /** The offset of row {@code y}. */
  int offset(int y) {
    return y % capacity * stride;
  }

  /** The offset of row {@code y}, clamped to the image's first and last row. */
  int nearest(int y) {
    return offset(Math.max(0, Math.min(last, y)));
  }
}
