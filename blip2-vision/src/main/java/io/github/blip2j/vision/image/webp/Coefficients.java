package io.github.blip2j.vision.image.webp;

import java.util.Arrays;

/** The coefficients of one macroblock after another (RFC 6386, section 13), dequantised. */
final class Coefficients {
  /** Where the blocks of a macroblock begin: 16 of luma, then four of each chroma plane. */
  static final int FIRST_CHROMA = 16;

  private static final int BLOCKS = 24;

  // Kinds of block in the table of probabilities.
  private static final int LUMA_WITHOUT_DC = 0;
  private static final int MEANS = 1;
  private static final int CHROMA = 2;
  private static final int LUMA = 3;

  private static final int NODES = 11;
  private static final int NODES_OF_BAND = 3 * NODES;
  private static final int NODES_OF_KIND = 8 * NODES_OF_BAND;

  /** Where in a kind's table the band of a coefficient begins; one entry past the last. */
  private static final int[] BANDS = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};

  private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};

  /** Probabilities of the extra bits of large coefficients, categories 3 to 6. */
  private static final int[][] EXTRA_BITS = {
    {173, 148, 140},
    {176, 155, 140, 135},
    {180, 157, 141, 134, 130},
    {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
  };

  static {
    for (int i = 0; i < BANDS.length; i++) {
      BANDS[i] *= NODES_OF_BAND;
    }
  }

  // Places of the contexts of one macroblock: whether the last block of a column, or of a row, had
  // coefficients. Four of luma, two of each chroma plane, one of the luma means.
  private static final int CONTEXTS = 9;
  private static final int CHROMA_CONTEXT = 4;
  private static final int MEANS_CONTEXT = 8;

  private final int[] probabilities;
  private final int[] above;
  private final int[] left = new int[CONTEXTS];
  private final short[] values = new short[16 * BLOCKS];
  private final short[] means = new short[16];
  private final int[] ends = new int[BLOCKS];

  Coefficients(LossyHeader header) {
    probabilities = header.probabilities();
    above = new int[CONTEXTS * header.columns()];
  }

  /** The coefficients of the blocks, 16 each, row by row. */
  short[] values() {
    return values;
  }

  /** One more than the place of the last coefficient of a block, in the order of the file. */
  int end(int block) {
    return ends[block];
  }

  /** Begins a row of macroblocks. */
  void startRow() {
    Arrays.fill(left, 0);
  }

  /** Passes over a macroblock that has none. */
  void skip(int column, boolean subblocks) {
    // Blocks predicted apart have no means, so that context stays as it is.
    int contexts = subblocks ? MEANS_CONTEXT : CONTEXTS;
    Arrays.fill(left, 0, contexts, 0);
    Arrays.fill(above, CONTEXTS * column, CONTEXTS * column + contexts, 0);
  }

  /** Reads a macroblock; returns whether any block of it has coefficients. */
  boolean read(BoolDecoder decoder, int column, boolean subblocks, Quantizer quantizer) {
    Arrays.fill(values, (short) 0);
    int top = CONTEXTS * column;
    int first = 0;
    int kind = LUMA;
    if (!subblocks) {
      readMeans(decoder, top + MEANS_CONTEXT, quantizer);
      first = 1;
      kind = LUMA_WITHOUT_DC;
    }
    boolean any = false;
    for (int block = 0; block < FIRST_CHROMA; block++) {
      int x = top + (block & 3);
      int y = block >> 2;
      int end =
          readBlock(
              decoder,
              new Place(kind, above[x] + left[y], first, block * 16),
              quantizer.lumaDc(),
              quantizer.lumaAc(),
              values);
      above[x] = left[y] = end > first ? 1 : 0;
      ends[block] = end;
      any |= end > 1 || values[block * 16] != 0;
    }
    for (int block = FIRST_CHROMA; block < BLOCKS; block++) {
      int plane = CHROMA_CONTEXT + (block - FIRST_CHROMA) / 4 * 2;
      int x = top + plane + (block & 1);
      int y = plane + (block >> 1 & 1);
      int end =
          readBlock(
              decoder,
              new Place(CHROMA, above[x] + left[y], 0, block * 16),
              quantizer.chromaDc(),
              quantizer.chromaAc(),
              values);
      above[x] = left[y] = end > 0 ? 1 : 0;
      ends[block] = end;
      any |= end > 1 || values[block * 16] != 0;
    }
    return any;
  }

  /** Where a block's probabilities and values are. */
  private record Place(int kind, int context, int first, int at) {}

  private void readMeans(BoolDecoder decoder, int context, Quantizer quantizer) {
    Arrays.fill(means, (short) 0);
    var place = new Place(MEANS, above[context] + left[MEANS_CONTEXT], 0, 0);
    int end = readBlock(decoder, place, quantizer.meanDc(), quantizer.meanAc(), means);
    above[context] = left[MEANS_CONTEXT] = end > 0 ? 1 : 0;
    if (end > 1) {
      InverseTransform.spreadMeans(means, values);
    } else {
      short mean = (short) (means[0] + 3 >> 3);
      for (int block = 0; block < FIRST_CHROMA; block++) {
        values[block * 16] = mean;
      }
    }
  }

  /** Reads a block; returns one more than the place of its last coefficient. */
  private int readBlock(BoolDecoder decoder, Place place, int dc, int ac, short[] out) {
    int[] p = probabilities;
    int kind = place.kind * NODES_OF_KIND;
    int n = place.first;
    int node = kind + BANDS[n] + place.context * NODES;
    int factor = n > 0 ? ac : dc;
    while (n < 16) {
      if (decoder.bit(p[node]) == 0) {
        return n;
      }
      while (decoder.bit(p[node + 1]) == 0) {
        n++;
        if (n == 16) {
          return 16;
        }
        factor = ac;
        node = kind + BANDS[n];
      }
      int value;
      int next = kind + BANDS[n + 1];
      if (decoder.bit(p[node + 2]) == 0) {
        value = 1;
        node = next + NODES;
      } else {
        value = readLarge(decoder, node);
        node = next + 2 * NODES;
      }
      // A product beyond 16 bits, which no encoder writes, wraps as in libwebp.
      out[place.at + ZIGZAG[n]] = (short) (decoder.withSign(value) * factor);
      factor = ac;
      n++;
    }
    return 16;
  }

  /** Reads the absolute value, 2 or more, of a coefficient. */
  private int readLarge(BoolDecoder decoder, int node) {
    int[] p = probabilities;
    if (decoder.bit(p[node + 3]) == 0) {
      if (decoder.bit(p[node + 4]) == 0) {
        return 2;
      }
      return 3 + decoder.bit(p[node + 5]);
    }
    if (decoder.bit(p[node + 6]) == 0) {
      if (decoder.bit(p[node + 7]) == 0) {
        return 5 + decoder.bit(159);
      }
      int value = 7 + 2 * decoder.bit(165);
      return value + decoder.bit(145);
    }
    int high = decoder.bit(p[node + 8]);
    int category = 2 * high + decoder.bit(p[node + 9 + high]);
    int extra = 0;
    for (int probability : EXTRA_BITS[category]) {
      extra = 2 * extra + decoder.bit(probability);
    }
    return 3 + (8 << category) + extra;
  }
}
