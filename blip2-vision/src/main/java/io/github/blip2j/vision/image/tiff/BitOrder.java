package io.github.blip2j.vision.image.tiff;

/** Bytes whose bits run the other way (FillOrder 2). */
final class BitOrder {
  private static final byte[] REVERSED = new byte[256];

  static {
    for (int value = 0; value < 256; value++) {
      REVERSED[value] = (byte) (Integer.reverse(value) >>> 24);
    }
  }

  private BitOrder() {}

  /** The byte read backwards, 0 to 255. */
  static int reversed(byte value) {
    return REVERSED[value & 0xFF] & 0xFF;
  }

  /** A copy of {@code length} bytes, each read backwards. */
  static byte[] reversed(byte[] source, int from, int length) {
    byte[] copy = new byte[length];
    for (int i = 0; i < length; i++) {
      copy[i] = REVERSED[source[from + i] & 0xFF];
    }
    return copy;
  }
}
