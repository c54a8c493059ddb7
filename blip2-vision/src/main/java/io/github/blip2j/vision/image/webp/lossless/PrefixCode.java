package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;

/**
 * A canonical prefix code (RFC 9649, section 3.7.2) as a table indexed by the next bits. Immutable.
 *
 * <p>Codes of more than 8 bits use a second table. An entry holds a symbol and, in its lowest four
 * bits, the length of its code; or, if negative, the position of a second table and, in its lowest
 * four bits, the number of its index bits.
 */
final class PrefixCode {
  private static final int MAX_LENGTH = 15;
  private static final int ROOT_BITS = 8;
  private static final int LENGTH_BITS = 4;
  private static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;
  private static final int SECOND = 1 << 31;

  private final int[] table;
  private final int mask;

  private PrefixCode(int[] table, int mask) {
    this.table = table;
    this.mask = mask;
  }

  /**
   * A code from the {@code lengths} of its symbols, where 0 marks a symbol without a code. A single
   * symbol has a code of no bits, whatever its length.
   *
   * @throws IOException if the code is not complete
   */
  static PrefixCode of(int[] lengths, int symbols) throws IOException {
    int[] counts = new int[MAX_LENGTH + 1];
    int last = 0;
    for (int symbol = 0; symbol < symbols; symbol++) {
      counts[lengths[symbol]]++;
      last = lengths[symbol] > 0 ? symbol : last;
    }
    int coded = symbols - counts[0];
    if (coded == 1) {
      return new PrefixCode(new int[] {last << LENGTH_BITS}, 0);
    }
    int longest = 0;
    long used = 0; // of 2^15
    for (int length = 1; length <= MAX_LENGTH; length++) {
      longest = counts[length] > 0 ? length : longest;
      used += (long) counts[length] << (MAX_LENGTH - length);
    }
    if (used != 1 << MAX_LENGTH) {
      throw new IOException("an incomplete prefix code");
    }
    return build(lengths, symbols, counts, longest);
  }

  private static PrefixCode build(int[] lengths, int symbols, int[] counts, int longest) {
    int root = Math.min(longest, ROOT_BITS);
    int[] next = firstCodes(counts);
    int[] seconds = secondBits(counts, next, root);
    int[] starts = new int[1 << root];
    int size = 1 << root;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = size;
      size += seconds[i] > 0 ? 1 << seconds[i] : 0;
    }
    int[] table = new int[size];
    for (int i = 0; i < starts.length; i++) {
      if (seconds[i] > 0) {
        table[i] = SECOND | starts[i] << LENGTH_BITS | seconds[i];
      }
    }
    for (int symbol = 0; symbol < symbols; symbol++) {
      int length = lengths[symbol];
      if (length > 0) {
        int code = Integer.reverse(next[length]++) >>> (Integer.SIZE - length);
        int entry = symbol << LENGTH_BITS | length;
        if (length <= root) {
          fill(table, code, 1 << length, 1 << root, entry);
        } else {
          int first = code & (1 << root) - 1;
          int start = starts[first];
          int end = start + (1 << seconds[first]);
          fill(table, start + (code >> root), 1 << (length - root), end, entry);
        }
      }
    }
    return new PrefixCode(table, (1 << root) - 1);
  }

  private static void fill(int[] table, int from, int step, int to, int entry) {
    for (int i = from; i < to; i += step) {
      table[i] = entry;
    }
  }

  /** The first code of each length, most significant bit first. */
  private static int[] firstCodes(int[] counts) {
    int[] first = new int[MAX_LENGTH + 1];
    int code = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      first[length] = code;
      code = (code + counts[length]) << 1;
    }
    return first;
  }

  /** The number of index bits of the second table of each entry of the first. */
  private static int[] secondBits(int[] counts, int[] first, int root) {
    int[] bits = new int[1 << root];
    for (int length = root + 1; length <= MAX_LENGTH; length++) {
      for (int i = 0; i < counts[length]; i++) {
        int start = (first[length] + i) >> (length - root);
        bits[Integer.reverse(start) >>> (Integer.SIZE - root)] =
            length - root; // the longest is last
      }
    }
    return bits;
  }

  /** Whether the code has a single symbol, which takes no bits. */
  boolean isSingle() {
    return mask == 0;
  }

  /** The symbol of a code with {@link #isSingle}. */
  int singleSymbol() {
    return table[0] >>> LENGTH_BITS;
  }

  /** Reads a symbol from at least 15 available bits. */
  int read(BitReader reader) {
    int bits = reader.peek();
    int entry = table[bits & mask];
    if (entry < 0) {
      int index = (bits >>> ROOT_BITS) & (1 << (entry & LENGTH_MASK)) - 1;
      entry = table[((entry ^ SECOND) >>> LENGTH_BITS) + index];
    }
    reader.skip(entry & LENGTH_MASK);
    return entry >>> LENGTH_BITS;
  }
}
