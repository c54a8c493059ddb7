package io.github.blip2j.vision.image.codec;

/**
 * The order of the rows in a GIF frame: from the top, or in four passes (GIF89a specification,
 * appendix E).
 */
final class GifRows {
  private static final int[] STARTS = {0, 4, 2, 1};
  private static final int[] STEPS = {8, 8, 4, 2};

  private final int height;
  private final boolean interlaced;
  private int pass;
  private int row;

  GifRows(int height, boolean interlaced) {
    this.height = height;
    this.interlaced = interlaced;
  }

  /** The next row; beyond the last row after all. */
  int row() {
    return row;
  }

  void next() {
    row += interlaced ? STEPS[pass] : 1;
    while (interlaced && row >= height && pass + 1 < STARTS.length) {
      row = STARTS[++pass];
    }
  }
}
