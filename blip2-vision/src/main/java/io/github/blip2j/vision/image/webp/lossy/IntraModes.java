package io.github.blip2j.vision.image.webp.lossy;

import java.io.EOFException;
import java.util.Arrays;

/** The prediction modes of the macroblocks of one row (RFC 6386, section 11). */
final class IntraModes {
  // In the order of the table of probabilities. The first four modes are also those of whole
  // blocks.
  static final int DC = 0;
  static final int TRUE_MOTION = 1;
  static final int VERTICAL = 2;
  static final int HORIZONTAL = 3;
  static final int DOWN_RIGHT = 4;
  static final int VERTICAL_RIGHT = 5;
  static final int DOWN_LEFT = 6;
  static final int VERTICAL_LEFT = 7;
  static final int HORIZONTAL_DOWN = 8;
  static final int HORIZONTAL_UP = 9;

  private static final int MODES = 10;
  private static final int NODES = 9;

  private final LossyHeader header;
  private final BoolDecoder decoder;

  /** The modes of the lowest 4x4 blocks so far, and of those to the left of the next. */
  private final int[] above;

  private final int[] left = new int[4];

  private final int[] segments;
  private final boolean[] skipped;
  private final boolean[] subblocks;
  private final int[] luma;
  private final int[] chroma;

  IntraModes(LossyHeader header) {
    this.header = header;
    this.decoder = header.modes();
    int columns = header.columns();
    above = new int[4 * columns];
    segments = new int[columns];
    skipped = new boolean[columns];
    subblocks = new boolean[columns];
    luma = new int[16 * columns];
    chroma = new int[columns];
  }

  /**
   * Reads the modes of the next row.
   *
   * @throws EOFException if its data end early
   */
  void readRow() throws EOFException {
    Arrays.fill(left, DC);
    for (int column = 0; column < chroma.length; column++) {
      readMacroblock(column);
    }
    if (decoder.isExhausted()) {
      throw new EOFException();
    }
  }

  /** The segment of a macroblock of the row. */
  int segment(int column) {
    return segments[column];
  }

  /** Whether a macroblock of the row has no coefficients. */
  boolean isSkipped(int column) {
    return skipped[column];
  }

  /** Whether the luma of a macroblock is predicted in 4x4 blocks and not as a whole. */
  boolean isInSubblocks(int column) {
    return subblocks[column];
  }

  /** The mode of 4x4 block {@code block} of a macroblock; of block 0 if predicted as a whole. */
  int luma(int column, int block) {
    return luma[16 * column + block];
  }

  /** The mode of both chroma planes. */
  int chroma(int column) {
    return chroma[column];
  }

  private void readMacroblock(int column) {
    if (header.segments().mapped()) {
      int[] probabilities = header.segments().probabilities();
      int high = decoder.bit(probabilities[0]);
      segments[column] = 2 * high + decoder.bit(probabilities[1 + high]);
    }
    if (header.skipProbability() >= 0) {
      skipped[column] = decoder.bit(header.skipProbability()) != 0;
    }
    subblocks[column] = decoder.bit(145) == 0;
    if (subblocks[column]) {
      readSubblocks(column);
    } else {
      int mode = readLuma();
      luma[16 * column] = mode;
      Arrays.fill(above, 4 * column, 4 * column + 4, mode);
      Arrays.fill(left, mode);
    }
    chroma[column] = readChroma();
  }

  private void readSubblocks(int column) {
    for (int y = 0; y < 4; y++) {
      int mode = left[y];
      for (int x = 0; x < 4; x++) {
        mode = readSubblock((MODES * above[4 * column + x] + mode) * NODES);
        above[4 * column + x] = mode;
        luma[16 * column + 4 * y + x] = mode;
      }
      left[y] = mode;
    }
  }

  private int readLuma() {
    if (decoder.bit(156) != 0) {
      return decoder.bit(128) != 0 ? TRUE_MOTION : HORIZONTAL;
    }
    return decoder.bit(163) != 0 ? VERTICAL : DC;
  }

  private int readChroma() {
    if (decoder.bit(142) == 0) {
      return DC;
    }
    if (decoder.bit(114) == 0) {
      return VERTICAL;
    }
    return decoder.bit(183) != 0 ? TRUE_MOTION : HORIZONTAL;
  }

  /** Walks the tree whose nodes' probabilities begin at {@code nodes}. */
  private int readSubblock(int nodes) {
    int[] all = SubblockModeProbabilities.ALL;
    if (decoder.bit(all[nodes]) == 0) {
      return DC;
    }
    if (decoder.bit(all[nodes + 1]) == 0) {
      return TRUE_MOTION;
    }
    if (decoder.bit(all[nodes + 2]) == 0) {
      return VERTICAL;
    }
    if (decoder.bit(all[nodes + 3]) == 0) {
      if (decoder.bit(all[nodes + 4]) == 0) {
        return HORIZONTAL;
      }
      return decoder.bit(all[nodes + 5]) == 0 ? DOWN_RIGHT : VERTICAL_RIGHT;
    }
    if (decoder.bit(all[nodes + 6]) == 0) {
      return DOWN_LEFT;
    }
    if (decoder.bit(all[nodes + 7]) == 0) {
      return VERTICAL_LEFT;
    }
    return decoder.bit(all[nodes + 8]) == 0 ? HORIZONTAL_DOWN : HORIZONTAL_UP;
  }
}
