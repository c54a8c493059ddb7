package io.github.blip2j.vision.image.jpeg;

import java.util.Arrays;

/** The blocks of one MCU, the location of their coefficients, and their extents. */
final class Mcu {
  /** The number of coefficients of a block. */
  static final int BLOCK = 64;

  private static final int MOST_BLOCKS = 10;

  /** For each block, the array that holds its coefficients in natural order. */
  final short[][] arrays = new short[MOST_BLOCKS][];

  /** For each block, its offset in its array. */
  final int[] offsets = new int[MOST_BLOCKS];

  /** For each block, the last coefficient in zigzag order that may be nonzero. */
  final int[] extents = new int[MOST_BLOCKS];

  /** For each block, the part of the scan that it belongs to. */
  final int[] parts = new int[MOST_BLOCKS];

  int size;

  /** Whether a nonzero coefficient was written. */
  boolean touched;

  /** An MCU of {@code scan}, with blocks not yet located. */
  static Mcu of(Scan scan) {
    var mcu = new Mcu();
    for (int p = 0; p < scan.parts().size(); p++) {
      Component component = scan.parts().get(p).component();
      int blocks = scan.interleaved() ? component.horizontal * component.vertical : 1;
      Arrays.fill(mcu.parts, mcu.size, mcu.size + blocks, p);
      mcu.size += blocks;
    }
    return mcu;
  }

  /** Records that coefficient {@code k} of block {@code b}, in zigzag order, was written. */
  void reach(int b, int k) {
    touched = true;
    extents[b] = Math.max(extents[b], Math.min(k, BLOCK - 1));
  }
}
