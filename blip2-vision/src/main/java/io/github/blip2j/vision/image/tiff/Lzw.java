package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;

/**
 * LZW (TIFF 6.0, section 13), also in the variant of writers before 1988, which stores the least
 * significant bits first and lengthens codes one code later.
 *
 * <p>As in libtiff, the first strip or tile decides the variant of the file.
 */
final class Lzw implements Decompressor {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int FIRST = 258;
  private static final int MIN_BITS = 9;
  private static final int MAX_BITS = 12;
  // libtiff has room for codes that are never used, and detects a full table only there.
  private static final int TABLE_SIZE = (1 << MAX_BITS) - 1 + 1024;

  private enum Kind {
    UNKNOWN,
    STANDARD,
    OLD
  }

  // The string of a code is stored where it was first decoded: the previous string and one byte.
  private final int[] starts = new int[TABLE_SIZE];
  private final int[] lengths = new int[TABLE_SIZE];
  private Kind kind = Kind.UNKNOWN;

  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) throws IOException {
    boolean old = isOld(source);
    var codes = new Codes(source, old);
    int change = old ? 0 : 1; // how much earlier codes grow
    int free = -1; // the first code must be CLEAR
    int filled = 0;
    int start = 0; // of the previous string
    int length = 0;
    while (filled < size) {
      int code = codes.next();
      if (code == CLEAR) {
        free = FIRST;
        codes.bits = MIN_BITS;
        do {
          code = codes.next();
        } while (code == CLEAR);
        require(code <= END);
      } else if (code != END) {
        require(free >= FIRST && free < TABLE_SIZE && code <= free);
        starts[free] = start;
        lengths[free] = length + 1;
        free++;
        if (free > (1 << codes.bits) - 1 - change) {
          codes.bits = Math.min(MAX_BITS, codes.bits + 1);
        }
      }
      if (code == END) {
        throw new EOFException();
      }
      start = filled;
      if (code < CLEAR) {
        length = 1;
        target[filled++] = (byte) code;
      } else {
        length = lengths[code];
        filled = copy(target, starts[code], filled, Math.min(size, filled + length));
      }
    }
    return true;
  }

  private boolean isOld(CodedBytes source) {
    if (kind == Kind.UNKNOWN) {
      byte[] bytes = source.bytes();
      boolean old =
          source.length() >= 2 && bytes[source.from()] == 0 && (bytes[source.from() + 1] & 1) != 0;
      kind = old ? Kind.OLD : Kind.STANDARD;
    }
    return kind == Kind.OLD;
  }

  private static void require(boolean known) throws IOException {
    if (!known) {
      throw new IOException("an LZW code that stands for nothing");
    }
  }

  /** Copies bytes that may overlap their target; returns {@code end}. */
  private static int copy(byte[] target, int from, int to, int end) {
    if (end - to <= to - from) {
      System.arraycopy(target, from, target, to, end - to);
    } else {
      for (int i = to; i < end; i++) {
        target[i] = target[from++];
      }
    }
    return end;
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
