package io.github.blip2j.vision.image.tiff;

/**
 * The bits of a facsimile. After the end, zeros complete a code that has begun; then {@link
 * #EXHAUSTED} follows.
 */
final class FaxBits {
  /** Returned instead of bits at the end. */
  static final int EXHAUSTED = -1;

  private final byte[] bytes;
  private final int end;
  private final boolean leastFirst;
  private int position;
  private int buffer;
  private int available;

  /** The bits of {@code source}; with FillOrder 2 the least significant bit comes first. */
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

  /** Skips {@code count} bits. */
  void skip(int count) {
    available -= count;
    buffer >>>= count;
  }

  /** Skips to the next byte. */
  void alignToByte() {
    skip(available & 7);
  }

  /** Skips to the next even position in the file. */
  void alignToWord() {
    skip(available & 15);
    if (available == 0 && (position & 1) != 0) {
      position++;
    }
  }
}
