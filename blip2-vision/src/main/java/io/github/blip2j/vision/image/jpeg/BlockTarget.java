package io.github.blip2j.vision.image.jpeg;

/** The destination of the samples of one block of each MCU. */
final class BlockTarget {
  private final Component component;
  private final SampleRows plane;
  private final short[] steps;
  private final int x; // within the MCU
  private final int y;
  private final int lastColumn; // of MCUs in which this block lies within the image
  private int start; // in the first column, or -1 if this row of blocks lies below the image

  /** The target of block {@code (x, y)} of each MCU of {@code component}. */
  BlockTarget(Component component, SampleRows plane, int x, int y) {
    this.component = component;
    this.plane = plane;
    this.steps = component.steps();
    this.x = x;
    this.y = y;
    this.lastColumn = (component.blocksPerRow - 1 - x) / component.horizontal;
  }

  /** Moves to row {@code mcuRow} of {@code mcuRows}. */
  void turnTo(int mcuRow, int mcuRows) {
    boolean within = y < component.blockRowsIn(mcuRow, mcuRows) && x < component.blocksPerRow;
    start = within ? plane.offset(8 * (mcuRow * component.vertical + y)) + 8 * x : -1;
  }

  /** Transforms the coefficients of the block in {@code column} of MCUs. */
  void put(InverseDct inverseDct, short[] coefficients, int from, int extent, int column) {
    if (start >= 0 && column <= lastColumn) {
      int to = start + 8 * component.horizontal * column;
      inverseDct.transform(coefficients, from, extent, steps, plane.samples, to, plane.stride);
    }
  }
}
