package io.github.blip2j.vision.image.tiff;

/**
 * The bits of a facsimile. Past the end there are zeros as long as a code has begun there, then
 * {@link #EXHAUSTED}.
 */
final class FaxBits {
  /** In place of bits when there are none left. */
  static final int EXHAUSTED = -1;

  private final byte[] bytes;
  private final int end;
  private final boolean leastFirst;
  private int position;
  private int buffer;
  private int available;

  /** The bits of {@code source}; those of FillOrder 2 begin with the least significant. */
  FaxBits(CodedBytes source, boolean leastFirst) {
    this.bytes = source.bytes();
    this.position = source.from();
    this.end = source.to();
    this.leastFirst = leastFirst;
  }

  /** The next {@code count} bits, the first of them least significant, or EXHAUSTED. */
  int peek(int count) {
    while (available < count) {
      if (position >= end) {
        if (available == 0) {
          return EXHAUSTED;
        }
        available = count;
      } else {
        int next = leastFirst ? bytes[position] & 0xFF : BitOrder.reversed(bytes[position]);
        position++;
        buffer |= next << available;
        available += 8;
      }
    }
    return buffer & ((1 << count) - 1);
  }

  /** Goes on by {@code count} bits, which were peeked at. */
  void skip(int count) {
    available -= count;
    buffer >>>= count;
  }

  /** Goes on to the next byte. */
  void alignToByte() {
    skip(available & 7);
  }

  /** Goes on to the next pair of bytes in the file. */
  void alignToWord() {
    skip(available & 15);
    if (available == 0 && (position & 1) != 0) {
      position++;
    }
  }
}
