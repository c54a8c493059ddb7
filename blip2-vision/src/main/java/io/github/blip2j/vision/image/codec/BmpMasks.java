package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Locale;
import java.util.Set;

/**
 * The bit masks of red, green, blue and alpha in a bitmap's pixel. As in Pillow, common layouts are
 * read and all others rejected; alpha is dropped.
 */
record BmpMasks(int red, int green, int blue, int alpha) {
  private static final BmpMasks NONE = new BmpMasks(0, 0, 0, 0);
  private static final BmpMasks RED_ON_TOP = new BmpMasks(0xFF0000, 0xFF00, 0xFF, 0);

  private static final Set<BmpMasks> OF_32_BITS =
      Set.of(
          NONE,
          RED_ON_TOP,
          new BmpMasks(0xFF0000, 0xFF00, 0xFF, 0xFF000000),
          new BmpMasks(0xFF000000, 0xFF0000, 0xFF00, 0),
          new BmpMasks(0xFF000000, 0xFF0000, 0xFF00, 0xFF),
          new BmpMasks(0xFF000000, 0xFF00, 0xFF, 0),
          new BmpMasks(0xFF000000, 0xFF00, 0xFF, 0xFF0000),
          new BmpMasks(0xFF, 0xFF00, 0xFF0000, 0xFF000000));

  static BmpMasks read(ByteReader reader, boolean withAlpha) throws IOException {
    return new BmpMasks(
        reader.i32Little(),
        reader.i32Little(),
        reader.i32Little(),
        withAlpha ? reader.i32Little() : 0);
  }

  /** The layout of pixels without masks. */
  static PixelLayout usual(int bits) {
    return bits == Short.SIZE
        ? PixelLayout.packed16(5)
        : PixelLayout.bytes(bits / Byte.SIZE, 2, 1, 0);
  }

  PixelLayout layout(int bits) throws IOException {
    if (bits == Integer.SIZE && OF_32_BITS.contains(this)) {
      return equals(NONE)
          ? usual(bits)
          : PixelLayout.bytes(Integer.BYTES, byteOf(red), byteOf(green), byteOf(blue));
    }
    if (bits == 24 && is(0xFF0000, 0xFF00, 0xFF)) {
      return usual(bits);
    }
    if (bits == Short.SIZE && is(0x7C00, 0x3E0, 0x1F)) {
      return PixelLayout.packed16(5);
    }
    if (bits == Short.SIZE && is(0xF800, 0x7E0, 0x1F)) {
      return PixelLayout.packed16(6);
    }
    throw new IOException(
        String.format(
            Locale.ROOT,
            "masks %08x, %08x, %08x and %08x of %d bits",
            red,
            green,
            blue,
            alpha,
            bits));
  }

  /** Whether the colours are these; below 32 bits alpha does not matter. */
  private boolean is(int red, int green, int blue) {
    return this.red == red && this.green == green && this.blue == blue;
  }

  private static int byteOf(int mask) {
    return Integer.numberOfTrailingZeros(mask) / Byte.SIZE;
  }
}
