package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/**
 * The pixels of a GIF frame, coded by variable-length LZW in blocks of up to 255 bytes (GIF89a
 * specification, appendix F), by Pillow's rules: clear codes may follow each other, codes may start
 * with up to 13 bits, and the end code only ends the current 64 KiB piece of the file, as Pillow
 * reads it.
 */
final class GifPixels {
  private static final int MOST_BITS = 12;
  private static final int CODES = 1 << MOST_BITS;
  private static final int READ_BYTES = 1 << 16;

  private final byte[] file;
  private int position;
  private final int startBits;
  private final int clear;

  // The table: the string of a code is that of another code and one more pixel.
  private final short[] prefixes = new short[CODES];
  private final byte[] suffixes = new byte[CODES];
  private int next;
  private int codeBits;
  private int previous;
  private byte first; // of the previous string
  private boolean cleared = true;

  // Decoded pixels not yet returned, at the end of the array.
  private final byte[] string = new byte[CODES];
  private int stringStart = CODES;

  private int bitBuffer;
  private int bitCount;
  private int blockLeft;
  private int readUpTo;

  /** Reads codes from {@code start} on, where their initial number of bits is stored. */
  GifPixels(byte[] file, int start) throws IOException {
    this.file = file;
    this.startBits = file[start] & 0xFF;
    if (startBits > MOST_BITS) {
      throw new IOException(String.format(Locale.ROOT, "codes of %d bits", startBits));
    }
    this.clear = 1 << startBits;
    this.position = start + 1;
    this.readUpTo = position;
    reset();
  }

  /**
   * Checks that the file can contain so many pixels, before memory is allocated: each code adds at
   * most one pixel to the longest string so far, so small files cannot hold large images.
   */
  void requireRoomFor(long pixels) throws EOFException {
    long codes = (file.length - position) * (long) Byte.SIZE / (startBits + 1);
    long growing = Math.min(codes, CODES);
    if (pixels > growing * (growing + 1) / 2 + (codes - growing) * CODES) {
      throw new EOFException();
    }
  }

  /** Fills {@code row} with the next pixels. */
  void read(byte[] row) throws IOException {
    int filled = 0;
    while (filled < row.length) {
      if (stringStart == CODES) {
        decodeString();
      }
      int count = Math.min(CODES - stringStart, row.length - filled);
      System.arraycopy(string, stringStart, row, filled, count);
      stringStart += count;
      filled += count;
    }
  }

  private void reset() {
    next = clear + 2;
    codeBits = startBits + 1;
    cleared = true;
  }

  /** Reads codes up to the next one with pixels. */
  private void decodeString() throws IOException {
    int code = readCode();
    while (code == clear || code == clear + 1) {
      if (code == clear) {
        reset();
      } else {
        readOn();
      }
      code = readCode();
    }
    if (code > (cleared ? clear : next)) {
      throw new IOException("a code that stands for nothing");
    }
    if (cleared) {
      cleared = false;
      first = (byte) code;
      string[--stringStart] = first;
      previous = code;
      return;
    }
    spell(code);
    if (next < CODES) {
      suffixes[next] = first;
      prefixes[next] = (short) previous;
      if (next == (1 << codeBits) - 1 && codeBits < MOST_BITS) {
        codeBits++;
      }
      next++;
    }
    previous = code;
  }

  /** Writes the string of {@code code} from its last pixel to its first. */
  private void spell(int code) throws IOException {
    int rest = code;
    int at = CODES;
    if (code == next) { // the previous string and its own first pixel
      string[--at] = first;
      rest = previous;
    }
    while (rest >= clear) {
      if (rest >= CODES || at == 0) {
        throw new IOException("a code that stands for nothing");
      }
      string[--at] = suffixes[rest];
      rest = prefixes[rest];
    }
    if (at == 0) {
      throw new IOException("a string without end");
    }
    first = (byte) rest;
    string[--at] = first;
    stringStart = at;
  }

  private int readCode() throws EOFException {
    while (bitCount < codeBits) {
      if (blockLeft == 0) {
        startBlock();
      } else {
        bitBuffer |= (file[position++] & 0xFF) << bitCount;
        bitCount += Byte.SIZE;
        blockLeft--;
      }
    }
    int code = bitBuffer & ((1 << codeBits) - 1);
    bitBuffer >>>= codeBits;
    bitCount -= codeBits;
    return code;
  }

  /**
   * Starts a block. An empty block does not end the pixels: as in Pillow, the bytes after it are
   * the next block.
   */
  private void startBlock() throws EOFException {
    while (position >= readUpTo || readUpTo - position <= (file[position] & 0xFF)) {
      readOn();
    }
    blockLeft = file[position++] & 0xFF;
  }

  /** Makes the next piece of the file visible, from which more pixels may come. */
  private void readOn() throws EOFException {
    if (readUpTo == file.length) {
      throw new EOFException();
    }
    readUpTo = (int) Math.min(file.length, (long) readUpTo + READ_BYTES);
  }
}
