package io.github.blip2j.vision.image.webp.lossy;

/** Reads blocks of 16 coefficients of one kind (RFC 6386, sections 13.2 and 13.3), dequantised. */
final class BlockReader {
  /** The kinds of block and their indices in the table of probabilities. */
  enum Kind {
    LUMA_WITHOUT_DC(0),
    MEANS(1),
    CHROMA(2),
    LUMA(3);

    private final int place;

    Kind(int place) {
      this.place = place;
    }
  }

  private static final int SIZE = 16;
  private static final int NODES = 11;
  private static final int NODES_OF_BAND = 3 * NODES;
  private static final int NODES_OF_KIND = 8 * NODES_OF_BAND;

  /** The band of each coefficient; one entry past the last. */
  private static final int[] BANDS = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};

  private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};

  /** Probabilities of the extra bits of large coefficients, categories 3 to 6. */
  private static final int[][] EXTRA_BITS = {
    {173, 148, 140},
    {176, 155, 140, 135},
    {180, 157, 141, 134, 130},
    {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
  };

  private final int[] probabilities;

  /** The offset of the probabilities of each coefficient. */
  private final int[] nodes = new int[SIZE + 1];

  private final int first;

  /** A reader of blocks of one kind in a frame with these {@code probabilities}. */
  BlockReader(Kind kind, int[] probabilities) {
    this.probabilities = probabilities;
    this.first = kind == Kind.LUMA_WITHOUT_DC ? 1 : 0;
    for (int n = 0; n < nodes.length; n++) {
      nodes[n] = kind.place * NODES_OF_KIND + BANDS[n] * NODES_OF_BAND;
    }
  }

  /** The first coefficient of its blocks, 0 or 1. */
  int first() {
    return first;
  }

  /**
   * Reads a block to {@code out} from {@code at} on, where {@code out} holds zeros.
   *
   * @param context how many of the blocks above and to the left have coefficients
   * @return one more than the index of the last coefficient
   */
  int read(BoolDecoder decoder, int context, Quantizer.Factors factors, short[] out, int at) {
    int[] p = probabilities;
    int n = first;
    int node = nodes[n] + context * NODES;
    while (n < SIZE) {
      if (decoder.bit(p[node]) == 0) {
        return n;
      }
      while (decoder.bit(p[node + 1]) == 0) {
        n++;
        if (n == SIZE) {
          return SIZE;
        }
        node = nodes[n];
      }
      int value;
      int next = nodes[n + 1];
      if (decoder.bit(p[node + 2]) == 0) {
        value = 1;
        node = next + NODES;
      } else {
        value = readLarge(decoder, node);
        node = next + 2 * NODES;
      }
      int factor = n == 0 ? factors.dc() : factors.ac();
      // A product beyond 16 bits, which no encoder writes, wraps as in libwebp.
      out[at + ZIGZAG[n]] = (short) (decoder.withSign(value) * factor);
      n++;
    }
    return SIZE;
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
