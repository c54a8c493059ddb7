package io.github.blip2j.vision.image.tiff;

/** Reverses the bits of bytes (FillOrder 2). */
final class BitOrder {
  private static final byte[] REVERSED = new byte[256];

  static {
    for (int value = 0; value < 256; value++) {
      REVERSED[value] = (byte) (Integer.reverse(value) >>> 24);
    }
  }

  private BitOrder() {}

  /** The byte with its bits reversed, 0 to 255. */
  static int reversed(byte value) {
    return REVERSED[value & 0xFF] & 0xFF;
  }

  /** A copy of {@code length} bytes, each with its bits reversed. */
  static byte[] reversed(byte[] source, int from, int length) {
    byte[] copy = new byte[length];
    for (int i = 0; i < length; i++) {
      copy[i] = REVERSED[source[from + i] & 0xFF];
    }
    return copy;
  }
}
