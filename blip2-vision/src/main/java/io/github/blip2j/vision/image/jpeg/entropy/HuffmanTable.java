package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.IOException;
import java.util.Arrays;

/**
 * A Huffman code (ITU-T T.81, annexes C and F.2.2.3).
 *
 * <p>A file may define tables that no scan uses, so, as in libjpeg, a table is checked on first
 * use: {@link #forDc}, {@link #forAc}.
 */
public final class HuffmanTable {
  /** The maximum length of codes in the lookup table. */
  static final int LOOKAHEAD = 8;

  private static final int LONGEST = 16;
  private static final int SYMBOLS = 256;
  private static final int LAST_DC_SIZE = 15;

  /**
   * For the next {@link #LOOKAHEAD} bits: the length of the code, shifted left by as many bits, and
   * its symbol. The length is one more than {@link #LOOKAHEAD} if the code is longer.
   */
  final short[] lookup = new short[1 << LOOKAHEAD];

  /** The maximum length of a code and its coefficient's bits in {@link #pairs}. */
  public static final int PAIR_LOOKAHEAD = 9;

  /**
   * For the next {@link #PAIR_LOOKAHEAD} bits of an AC table: a coefficient, shifted left by 16
   * bits, the zeros before it by 8, the length of its code by 4, and the length of both; or 0 if
   * they are longer.
   */
  public int[] pairs = {};

  private final int[] counts; // of codes of each length
  private final byte[] symbols = new byte[SYMBOLS];
  private final int[] lastCode = new int[LONGEST + 2]; // of each length; -1 if there is none
  private final int[] toIndex = new int[LONGEST + 2]; // from a code of each length to its symbol
  private boolean derived;

  /**
   * A code in which {@code counts[l]} symbols have {@code l} bits, 1 to 16, with symbols in the
   * order of their codes.
   */
  public HuffmanTable(int[] counts, byte[] symbols) {
    this.counts = counts.clone();
    System.arraycopy(symbols, 0, this.symbols, 0, symbols.length);
  }

  /** This table, for differences of DC coefficients. */
  public HuffmanTable forDc() throws IOException {
    return withSizesUpTo(LAST_DC_SIZE);
  }

  /** This table, for differences of lossless samples. */
  public HuffmanTable forDifferences() throws IOException {
    return withSizesUpTo(LAST_DC_SIZE + 1);
  }

  private HuffmanTable withSizesUpTo(int last) throws IOException {
    derive();
    int used = Arrays.stream(counts).sum();
    for (int i = 0; i < used; i++) {
      if ((symbols[i] & 0xFF) > last) {
        throw new IOException("a Huffman table of wrong sizes");
      }
    }
    return this;
  }

  /** This table, for runs and sizes of AC coefficients. */
  public HuffmanTable forAc() throws IOException {
    derive();
    if (pairs.length == 0) {
      pairs = pairs();
    }
    return this;
  }

  private int[] pairs() {
    int[] all = new int[1 << PAIR_LOOKAHEAD];
    for (int bits = 0; bits < all.length; bits++) {
      int entry = lookup[bits >> (PAIR_LOOKAHEAD - LOOKAHEAD)];
      int length = entry >> LOOKAHEAD;
      int size = entry & 15;
      int both = length + size;
      if (length <= LOOKAHEAD && size > 0 && both <= PAIR_LOOKAHEAD) {
        int value = (bits >> (PAIR_LOOKAHEAD - both)) & ((1 << size) - 1);
        int run = (entry & 0xFF) >> 4;
        all[bits] = BitReader.extend(value, size) << 16 | run << 8 | length << 4 | both;
      }
    }
    return all;
  }

  private void derive() throws IOException {
    if (derived) {
      return;
    }
    Arrays.fill(lookup, (short) ((LOOKAHEAD + 1) << LOOKAHEAD));
    int code = 0;
    int index = 0;
    for (int length = 1; length <= LONGEST; length++) {
      code <<= 1;
      // No code may consist of ones only.
      if (counts[length] > 0 && code + counts[length] >= 1 << length) {
        throw new IOException("a Huffman table of too many codes");
      }
      toIndex[length] = index - code;
      for (int i = 0; i < counts[length]; i++, code++, index++) {
        if (length <= LOOKAHEAD) {
          int spare = LOOKAHEAD - length;
          short entry = (short) (length << LOOKAHEAD | (symbols[index] & 0xFF));
          Arrays.fill(lookup, code << spare, (code + 1) << spare, entry);
        }
      }
      lastCode[length] = counts[length] == 0 ? -1 : code - 1;
    }
    lastCode[LONGEST + 1] = Integer.MAX_VALUE; // ends the search in damaged data
    derived = true;
  }

  /**
   * Whether {@code code}, of {@code length} bits, is part of a longer code; a code of 17 bits is
   * invalid.
   */
  boolean isLonger(int code, int length) {
    return code > lastCode[length];
  }

  /** The symbol of {@code code}; 0 if it is too long, as in libjpeg. */
  int symbol(int code, int length) {
    return length > LONGEST ? 0 : symbols[code + toIndex[length] & 0xFF] & 0xFF;
  }
}
