package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;

/**
 * LZW codes (TIFF 6.0, section 13), and those of writers before 1988, which stored the least
 * significant bits first and changed to longer codes one code later.
 *
 * <p>The first strip or tile tells which kind a file is of, as in libtiff.
 */
final class Lzw implements Decompressor {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int FIRST = 258;
  private static final int MIN_BITS = 9;
  private static final int MAX_BITS = 12;
  // libtiff leaves room for codes that are never sent, and notices a full table only there.
  private static final int TABLE_SIZE = (1 << MAX_BITS) - 1 + 1024;

  private enum Kind {
    UNKNOWN,
    STANDARD,
    OLD
  }

  // A code's string is the one of its prefix and one byte more.
  private final short[] prefix = new short[TABLE_SIZE];
  private final short[] length = new short[TABLE_SIZE];
  private final byte[] last = new byte[TABLE_SIZE];
  private final byte[] first = new byte[TABLE_SIZE];
  private Kind kind = Kind.UNKNOWN;

  Lzw() {
    for (int code = 0; code < CLEAR; code++) {
      length[code] = 1;
      first[code] = (byte) code;
      last[code] = (byte) code;
    }
  }

  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) throws IOException {
    if (kind == Kind.UNKNOWN) {
      byte[] bytes = source.bytes();
      boolean old =
          source.length() >= 2
              && bytes[source.from()] == 0
              && (bytes[source.from() + 1] & 1) != 0;
      kind = old ? Kind.OLD : Kind.STANDARD;
    }
    boolean old = kind == Kind.OLD;
    var codes = new Codes(source, old);
    int change = old ? 0 : 1; // how much earlier codes grow
    int free = -1; // nothing but CLEAR may come first
    int previous = -1;
    int filled = 0;
    while (filled < size) {
      int code = codes.next();
      if (code == END) {
        throw new EOFException();
      }
      if (code == CLEAR) {
        free = FIRST;
        codes.bits = MIN_BITS;
        do {
          code = codes.next();
        } while (code == CLEAR);
        if (code == END) {
          throw new EOFException();
        }
        require(code < CLEAR);
        target[filled++] = (byte) code;
        previous = code;
        continue;
      }
      require(free >= FIRST && free < TABLE_SIZE && code <= free);
      prefix[free] = (short) previous;
      length[free] = (short) (length[previous] + 1);
      first[free] = first[previous];
      last[free] = code < free ? first[code] : first[previous];
      free++;
      if (free > (1 << codes.bits) - 1 - change) {
        codes.bits = Math.min(MAX_BITS, codes.bits + 1);
      }
      previous = code;
      filled += write(code, target, filled, size);
    }
    return true;
  }

  private static void require(boolean known) throws IOException {
    if (!known) {
      throw new IOException("an LZW code that stands for nothing");
    }
  }

  /** Writes the string of {@code code}, as far as it fits; returns its length. */
  private int write(int code, byte[] target, int from, int size) {
    int bytes = length[code];
    int to = from + bytes;
    for (int i = to - 1; i >= from; i--) {
      if (i < size) {
        target[i] = last[code];
      }
      code = prefix[code];
    }
    return bytes;
  }

  /** Reads codes of {@code bits} bits. */
  private static final class Codes {
    private final byte[] bytes;
    private final int end;
    private final boolean leastFirst;
    private int position;
    private int buffer;
    private int buffered;
    private int bits = MIN_BITS;

    Codes(CodedBytes source, boolean leastFirst) {
      this.bytes = source.bytes();
      this.position = source.from();
      this.end = source.to();
      this.leastFirst = leastFirst;
    }

    int next() throws EOFException {
      while (buffered < bits) {
        if (position >= end) {
          throw new EOFException();
        }
        int next = bytes[position++] & 0xFF;
        buffer = leastFirst ? buffer | (next << buffered) : (buffer << 8) | next;
        buffered += 8;
      }
      buffered -= bits;
      int code;
      if (leastFirst) {
        code = buffer & ((1 << bits) - 1);
        buffer >>>= bits;
      } else {
        code = (buffer >>> buffered) & ((1 << bits) - 1);
      }
      return code;
    }
  }
}
