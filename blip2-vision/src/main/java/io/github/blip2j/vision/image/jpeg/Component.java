package io.github.blip2j.vision.image.jpeg;

import org.jspecify.annotations.Nullable;

/**
 * One component of a frame, and its size (ITU-T T.81, annex A.1.1). Blocks are 8x8 samples, or one
 * sample in lossless coding.
 *
 * <p>The quantisation table is the current one at the start of the component's first scan.
 */
final class Component {
  final int index;
  final int id;
  final int horizontal; // sampling factors
  final int vertical;
  final int tableIndex;

  /** Width in samples, without padding. */
  final int width;

  /** Height in samples, without padding. */
  final int height;

  final int blocksPerRow;
  final int blockRows;

  private short @Nullable [] steps;

  Component(Spec spec, int index, Frame.Size size) {
    this.index = index;
    this.id = spec.id();
    this.horizontal = spec.horizontal();
    this.vertical = spec.vertical();
    this.tableIndex = spec.table();
    this.width = Frame.ceilDiv(size.width() * horizontal, size.horizontal());
    this.height = Frame.ceilDiv(size.height() * vertical, size.vertical());
    this.blocksPerRow = Frame.ceilDiv(size.width() * horizontal, size.unit() * size.horizontal());
    this.blockRows = Frame.ceilDiv(size.height() * vertical, size.unit() * size.vertical());
  }

  /** Whether a scan of this component has fixed its quantisation table. */
  boolean isQuantized() {
    return steps != null;
  }

  /** Quantisation steps in natural order; zeros, and so gray, for a component without a scan. */
  short[] steps() {
    return steps == null ? new short[Mcu.BLOCK] : steps;
  }

  /** Fixes the steps. */
  void quantize(short[] steps) {
    this.steps = steps;
  }

  /** The description of a component in a frame header. */
  record Spec(int id, int horizontal, int vertical, int table) {}

  /** Blocks in a row of whole MCUs. */
  int paddedBlocksPerRow() {
    return Frame.ceilDiv(blocksPerRow, horizontal) * horizontal;
  }

  /** The rows of blocks of this component in row {@code mcuRow} of MCUs, of {@code mcuRows}. */
  int blockRowsIn(int mcuRow, int mcuRows) {
    return mcuRow < mcuRows - 1 ? vertical : blockRows - (mcuRows - 1) * vertical;
  }
}
