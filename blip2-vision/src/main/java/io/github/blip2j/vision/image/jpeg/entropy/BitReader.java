package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.EOFException;
import java.nio.ByteBuffer;

/**
 * Reads the bits of a scan, without the zeros stuffed after FF (ITU-T T.81, section F.1.2.3).
 *
 * <p>If a marker ends the data early, zeros follow, as in libjpeg. Bytes are read at the same time
 * as in libjpeg: {@link JpegInput} explains why.
 */
public final class BitReader {
  /**
   * The minimum of bits after loading, if the data suffice: there is room for less than one more
   * byte.
   */
  private static final int FULL = 57;

  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  final JpegInput input;
  private final ByteBuffer bytes;

  /** Unread bits in the low end; bits above {@link #count} are used. */
  public long buffer;

  public int count;

  /** Whether more bits were requested than there were since the last marker. */
  public boolean exhausted;

  public BitReader(JpegInput input) {
    this.input = input;
    this.bytes = ByteBuffer.wrap(input.file);
  }

  /** Discards loaded bits. */
  public void reset() {
    buffer = 0;
    count = 0;
  }

  /** Decodes the next symbol of {@code table}. */
  public int decode(HuffmanTable table) throws EOFException {
    if (count < HuffmanTable.LOOKAHEAD) {
      fill(0);
      if (count < HuffmanTable.LOOKAHEAD) {
        return decodeLong(table, 1);
      }
    }
    int entry = table.lookup[(int) (buffer >>> (count - HuffmanTable.LOOKAHEAD)) & 0xFF];
    int length = entry >> HuffmanTable.LOOKAHEAD;
    if (length > HuffmanTable.LOOKAHEAD) {
      return decodeLong(table, length);
    }
    count -= length;
    return entry & 0xFF;
  }

  /** Decodes the next symbol of {@code table}; at least 17 bits must be loaded. */
  public int decodeLoaded(HuffmanTable table) {
    int entry = table.lookup[(int) (buffer >>> (count - HuffmanTable.LOOKAHEAD)) & 0xFF];
    int length = entry >> HuffmanTable.LOOKAHEAD;
    count -= length;
    if (length <= HuffmanTable.LOOKAHEAD) {
      return entry & 0xFF;
    }
    int code = (int) (buffer >>> count) & (1 << length) - 1;
    while (table.isLonger(code, length)) {
      count--;
      length++;
      code = code << 1 | ((int) (buffer >>> count) & 1);
    }
    return table.symbol(code, length);
  }

  private int decodeLong(HuffmanTable table, int least) throws EOFException {
    int length = least;
    int code = bits(length);
    while (table.isLonger(code, length)) {
      code = code << 1 | bits(1);
      length++;
    }
    return table.symbol(code, length);
  }

  /** The next {@code size} bits, at most 16. */
  public int bits(int size) throws EOFException {
    if (count < size) {
      fill(size);
    }
    count -= size;
    return (int) (buffer >>> count) & (1 << size) - 1;
  }

  /** The next {@code size} bits as a signed number (section F.2.2.1, EXTEND). */
  public int signed(int size) throws EOFException {
    return size == 0 ? 0 : extend(bits(size), size);
  }

  public static int extend(int bits, int size) {
    int lowest = 1 << (size - 1);
    return bits
        + (((bits - lowest) >> 31) & ((-1 << size) + 1)); // without a branch: signs are noise
  }

  /**
   * Loads as many bits as fit, at least {@code needed}.
   *
   * @throws EOFException if the file ends before a marker does
   */
  private void fill(int needed) throws EOFException {
    if (input.marker == Marker.NONE) {
      int room = (Long.SIZE - count) >> 3;
      long word =
          input.position + Long.BYTES <= input.file.length ? bytes.getLong(input.position) : -1;
      if (!hasFf(word)) {
        int spare = Long.SIZE - 8 * room;
        buffer = room == Long.BYTES ? word : buffer << (8 * room) | word >>> spare;
        count += 8 * room;
        input.position += room;
        return;
      }
      while (count < FULL && loadByte()) {
        // until full or at a marker
      }
    }
    if (count < needed) {
      exhausted = true;
      buffer <<= FULL - count;
      count = FULL;
    }
  }

  /** Loads a byte; returns false at a marker. */
  private boolean loadByte() throws EOFException {
    int next = input.u8();
    if (next == 0xFF) {
      do {
        next = input.u8();
      } while (next == 0xFF);
      if (next != 0) {
        input.marker = next;
        return false;
      }
      next = 0xFF;
    }
    buffer = buffer << 8 | next;
    count += 8;
    return true;
  }

  private static boolean hasFf(long word) {
    return (~word - LOW_BITS & word & HIGH_BITS) != 0;
  }

  /**
   * Loads six bytes, which must be there; a marker reads as zeros and is not passed.
   *
   * @return whether there was no marker
   */
  public boolean fillSix() {
    long word = bytes.getLong(input.position);
    if (!hasFf(word)) {
      buffer = buffer << 48 | word >>> 16;
      count += 48;
      input.position += 6;
      return true;
    }
    boolean plain = true;
    for (int i = 0; i < 6; i++) {
      int next = input.file[input.position] & 0xFF;
      boolean marker = next == 0xFF && input.file[input.position + 1] != 0;
      plain &= !marker;
      if (!marker) {
        input.position += next == 0xFF ? 2 : 1;
      }
      buffer = buffer << 8 | (marker ? 0 : next);
      count += 8;
    }
    return plain;
  }
}
