package io.github.blip2j.vision.image.jpeg;

/**
 * The coefficients of a component, stored until all scans are read: 2 bytes for each sample.
 *
 * <p>Rows of blocks take memory only if they have a nonzero coefficient, so a small file that
 * states a large size takes little.
 */
final class Coefficients {
  private final int width; // blocks in a row
  private final short[][] rows;
  private final byte[][] extents;
  private final short[][] blank; // one for each row of an MCU
  private final byte[][] blankExtents;

  Coefficients(Component component) {
    int height = Frame.ceilDiv(component.blockRows, component.vertical) * component.vertical;
    width = component.paddedBlocksPerRow();
    rows = new short[height][];
    extents = new byte[height][];
    blank = new short[component.vertical][width * Mcu.BLOCK];
    blankExtents = new byte[component.vertical][width];
  }

  /**
   * The coefficients of row {@code y} of blocks, in natural order; all zero if none were stored.
   */
  short[] row(int y) {
    return rows[y] == null ? blank[y % blank.length] : rows[y];
  }

  /** For each block in row {@code y}, the last coefficient in zigzag order that may be nonzero. */
  byte[] extents(int y) {
    return extents[y] == null ? blankExtents[y % blank.length] : extents[y];
  }

  /** Stores row {@code y}, which was written to. */
  void keep(int y) {
    if (rows[y] == null) {
      int i = y % blank.length;
      rows[y] = blank[i];
      extents[y] = blankExtents[i];
      blank[i] = new short[width * Mcu.BLOCK];
      blankExtents[i] = new byte[width];
    }
  }
}
