package io.github.blip2j.vision.image.jpeg;

import java.util.Arrays;

/** The blocks of one MCU, where their coefficients are stored and what became of them. */
final class Mcu {
  /** Coefficients of a block. */
  static final int BLOCK = 64;

  private static final int MOST_BLOCKS = 10;

  /** Of each block, the array that holds its coefficients in natural order. */
  final short[][] arrays = new short[MOST_BLOCKS][];

  /** Of each block, where it starts in its array. */
  final int[] offsets = new int[MOST_BLOCKS];

  /** Of each block, the last coefficient in zigzag order that may not be zero. */
  final int[] extents = new int[MOST_BLOCKS];

  /** Of each block, the part of the scan that it belongs to. */
  final int[] parts = new int[MOST_BLOCKS];

  int size;

  /** Whether a coefficient other than zero was written. */
  boolean touched;

  /** An MCU of {@code scan}; its blocks are to be placed. */
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

  /** Takes note that coefficient {@code k} of block {@code b}, in zigzag order, was written. */
  void reach(int b, int k) {
    touched = true;
    extents[b] = Math.max(extents[b], Math.min(k, BLOCK - 1));
  }
}
