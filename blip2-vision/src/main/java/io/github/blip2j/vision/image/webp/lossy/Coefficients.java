package io.github.blip2j.vision.image.webp.lossy;

import java.util.Arrays;

/** Reads the coefficients of macroblocks, one after another (RFC 6386, section 13). */
final class Coefficients {
  /** The number of luma blocks in a macroblock; four of each chroma plane follow. */
  static final int LUMA_BLOCKS = 16;

  private static final int BLOCKS = 24;
  private static final int SIZE = 16;

  // Contexts of one macroblock: whether the last block of a column, or of a row, had coefficients.
  // Four of luma, two of each chroma plane, one of the means.
  private static final int CONTEXTS = 9;
  private static final int CHROMA_CONTEXT = 4;
  private static final int MEANS_CONTEXT = 8;

  private final BlockReader luma;
  private final BlockReader lumaWithoutDc;
  private final BlockReader means;
  private final BlockReader chroma;

  private final int[] above;
  private final int[] left = new int[CONTEXTS];
  private final short[] values = new short[SIZE * BLOCKS];
  private final short[] meanValues = new short[SIZE];
  private final int[] ends = new int[BLOCKS];

  Coefficients(LossyHeader header) {
    luma = new BlockReader(BlockReader.Kind.LUMA, header.probabilities());
    lumaWithoutDc = new BlockReader(BlockReader.Kind.LUMA_WITHOUT_DC, header.probabilities());
    means = new BlockReader(BlockReader.Kind.MEANS, header.probabilities());
    chroma = new BlockReader(BlockReader.Kind.CHROMA, header.probabilities());
    above = new int[CONTEXTS * header.columns()];
  }

  /** The coefficients of the blocks, 16 each, row by row. */
  short[] values() {
    return values;
  }

  /** One more than the index of the last coefficient of a block, in the order of the file. */
  int end(int block) {
    return ends[block];
  }

  /** Begins a row of macroblocks. */
  void startRow() {
    Arrays.fill(left, 0);
  }

  /** Skips a macroblock without coefficients. */
  void skip(int column, boolean subblocks) {
    // Without a block of means, their context stays.
    int contexts = subblocks ? MEANS_CONTEXT : CONTEXTS;
    Arrays.fill(left, 0, contexts, 0);
    Arrays.fill(above, CONTEXTS * column, CONTEXTS * column + contexts, 0);
  }

  /** Reads a macroblock; returns whether any block of it has coefficients. */
  boolean read(BoolDecoder decoder, int column, boolean subblocks, Quantizer quantizer) {
    Arrays.fill(values, (short) 0);
    int top = CONTEXTS * column;
    BlockReader reader = luma;
    if (!subblocks) {
      readMeans(decoder, top + MEANS_CONTEXT, quantizer);
      reader = lumaWithoutDc;
    }
    boolean any = false;
    for (int block = 0; block < LUMA_BLOCKS; block++) {
      int x = top + (block & 3);
      int y = block >> 2;
      int context = above[x] + left[y];
      int end = reader.read(decoder, context, quantizer.luma(), values, SIZE * block);
      above[x] = left[y] = end > reader.first() ? 1 : 0;
      any |= setEnd(block, end);
    }
    for (int block = LUMA_BLOCKS; block < BLOCKS; block++) {
      int plane = CHROMA_CONTEXT + (block - LUMA_BLOCKS) / 4 * 2;
      int x = top + plane + (block & 1);
      int y = plane + (block >> 1 & 1);
      int context = above[x] + left[y];
      int end = chroma.read(decoder, context, quantizer.chroma(), values, SIZE * block);
      above[x] = left[y] = end > 0 ? 1 : 0;
      any |= setEnd(block, end);
    }
    return any;
  }

  /** Reads the block with the first coefficients of all luma blocks. */
  private void readMeans(BoolDecoder decoder, int context, Quantizer quantizer) {
    Arrays.fill(meanValues, (short) 0);
    int sum = above[context] + left[MEANS_CONTEXT];
    int end = means.read(decoder, sum, quantizer.means(), meanValues, 0);
    above[context] = left[MEANS_CONTEXT] = end > 0 ? 1 : 0;
    if (end > 1) {
      InverseTransform.spreadMeans(meanValues, values);
    } else {
      short mean = (short) ((meanValues[0] + 3) >> 3);
      for (int block = 0; block < LUMA_BLOCKS; block++) {
        values[SIZE * block] = mean;
      }
    }
  }

  private boolean setEnd(int block, int end) {
    ends[block] = end;
    return end > 1 || values[SIZE * block] != 0;
  }
}
