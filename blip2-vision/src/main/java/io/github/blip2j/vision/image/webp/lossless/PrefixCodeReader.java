package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Arrays;

/** Reads prefix codes, which are stored as lengths (RFC 9649, section 3.7.2.1). */
final class PrefixCodeReader {
  private static final int LENGTH_SYMBOLS = 19;
  private static final int REPEAT_PREVIOUS = 16;
  private static final int REPEAT_ZERO = 17;
  private static final int FIRST_PREVIOUS = 8;

  /** The stored order of the lengths of the code-length code. */
  private static final int[] ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  private final BitReader reader;
  private final int[] lengths;

  /** A reader of codes of up to {@code maxSymbols} symbols. */
  PrefixCodeReader(BitReader reader, int maxSymbols) {
    this.reader = reader;
    this.lengths = new int[maxSymbols];
  }

  /** Reads a code for {@code symbols} symbols. */
  PrefixCode read(int symbols) throws IOException {
    Arrays.fill(lengths, 0, symbols, 0);
    if (reader.flag()) {
      readSimple(symbols);
    } else {
      readLengths(symbols);
    }
    return PrefixCode.of(lengths, symbols);
  }

  /** Reads a code of one or two symbols. */
  private void readSimple(int symbols) {
    boolean two = reader.flag();
    setLength(reader.read(reader.flag() ? 8 : 1), symbols);
    if (two) {
      setLength(reader.read(8), symbols);
    }
  }

  private void setLength(int symbol, int symbols) {
    if (symbol < symbols) {
      lengths[symbol] = 1;
    }
  }

  private void readLengths(int symbols) throws IOException {
    PrefixCode code = readLengthCode();
    int left = symbols;
    if (reader.flag()) {
      left = 2 + reader.read(2 + 2 * reader.read(3));
      if (left > symbols) {
        throw new IOException("too many code lengths");
      }
    }
    int previous = FIRST_PREVIOUS;
    for (int symbol = 0; symbol < symbols && left > 0; left--) {
      reader.fill();
      int length = code.read(reader);
      if (length < REPEAT_PREVIOUS) {
        lengths[symbol++] = length;
        previous = length > 0 ? length : previous;
      } else {
        int repeated = length == REPEAT_PREVIOUS ? previous : 0;
        int end = symbol + readRepeats(length);
        if (end > symbols) {
          throw new IOException("too many code lengths");
        }
        Arrays.fill(lengths, symbol, end, repeated);
        symbol = end;
      }
    }
  }

  private int readRepeats(int length) {
    return switch (length) {
      case REPEAT_PREVIOUS -> 3 + reader.take(2);
      case REPEAT_ZERO -> 3 + reader.take(3);
      default -> 11 + reader.take(7);
    };
  }

  private PrefixCode readLengthCode() throws IOException {
    int[] ofLengths = new int[LENGTH_SYMBOLS];
    int count = 4 + reader.read(4);
    for (int i = 0; i < count; i++) {
      ofLengths[ORDER[i]] = reader.read(3);
    }
    return PrefixCode.of(ofLengths, LENGTH_SYMBOLS);
  }
}
