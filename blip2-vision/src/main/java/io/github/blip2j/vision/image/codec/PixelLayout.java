package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Locale;

/**
 * The layout of pixels in the bytes of a stored row: indices into a colour table, packed most
 * significant bit first, or whole bytes of red, green and blue.
 */
abstract class PixelLayout {
  private static final int LEVELS = 256;

  private final int bits;

  private PixelLayout(int bits) {
    this.bits = bits;
  }

  /** Indices of 1, 2, 4 or 8 bits into {@code colors}, 256 times red, green and blue. */
  static PixelLayout indexed(int bits, byte[] colors) {
    return bits == Byte.SIZE ? new Indices(colors) : new PackedIndices(bits, colors);
  }

  /** Pixels of {@code stride} bytes, with the colours at these offsets. */
  static PixelLayout bytes(int stride, int red, int green, int blue) {
    return new Bytes(stride, red, green, blue);
  }

  /** Pixels of 16 bits, least significant byte first: red on top, five of blue at the bottom. */
  static PixelLayout packed16(int greenBits) {
    return new Packed16(greenBits);
  }

  /** A colour table for an indexed image; missing entries are black, as in Pillow. */
  static byte[] table() {
    return new byte[LEVELS * ImageHeader.CHANNELS];
  }

  /** The gray levels of so many bits, spread over 0 to 255. */
  static byte[] grays(int bits) {
    byte[] table = table();
    int last = (1 << bits) - 1;
    for (int i = 0; i <= last; i++) {
      int gray = i * (LEVELS - 1) / last;
      for (int channel = 0; channel < ImageHeader.CHANNELS; channel++) {
        table[i * ImageHeader.CHANNELS + channel] = (byte) gray;
      }
    }
    return table;
  }

  /** Bits of one pixel. */
  int bits() {
    return bits;
  }

  /**
   * The bytes of a row of so many pixels.
   *
   * @throws IOException if the row is too long for Pillow's 32-bit numbers
   */
  int rowBytes(int width) throws IOException {
    if (width > Integer.MAX_VALUE / bits - 7) {
      throw new IOException(
          String.format(Locale.ROOT, "rows of %d pixels of %d bits", width, bits));
    }
    return (width * bits + 7) / Byte.SIZE;
  }

  /**
   * Writes {@code count} pixels as red, green and blue.
   *
   * @param from start of the row
   * @param step distance between pixels in {@code samples}
   */
  abstract void toRgb(byte[] row, int from, int count, byte[] samples, int to, int step);

  private static final class Indices extends PixelLayout {
    private final byte[] colors;

    Indices(byte[] colors) {
      super(Byte.SIZE);
      this.colors = colors;
    }

    @Override
    void toRgb(byte[] row, int from, int count, byte[] samples, int to, int step) {
      for (int i = 0, t = to; i < count; i++, t += step) {
        int color = (row[from + i] & 0xFF) * ImageHeader.CHANNELS;
        samples[t] = colors[color];
        samples[t + 1] = colors[color + 1];
        samples[t + 2] = colors[color + 2];
      }
    }
  }

  private static final class PackedIndices extends PixelLayout {
    private final byte[] colors;

    PackedIndices(int bits, byte[] colors) {
      super(bits);
      this.colors = colors;
    }

    @Override
    void toRgb(byte[] row, int from, int count, byte[] samples, int to, int step) {
      int bits = bits();
      int mask = (1 << bits) - 1;
      for (int i = 0, bit = 0, t = to; i < count; i++, bit += bits, t += step) {
        int shift = Byte.SIZE - bits - (bit & 7);
        int color = (row[from + (bit >> 3)] >> shift & mask) * ImageHeader.CHANNELS;
        samples[t] = colors[color];
        samples[t + 1] = colors[color + 1];
        samples[t + 2] = colors[color + 2];
      }
    }
  }

  private static final class Bytes extends PixelLayout {
    private final int stride;
    private final int red;
    private final int green;
    private final int blue;

    Bytes(int stride, int red, int green, int blue) {
      super(stride * Byte.SIZE);
      this.stride = stride;
      this.red = red;
      this.green = green;
      this.blue = blue;
    }

    @Override
    void toRgb(byte[] row, int from, int count, byte[] samples, int to, int step) {
      for (int i = 0, s = from, t = to; i < count; i++, s += stride, t += step) {
        samples[t] = row[s + red];
        samples[t + 1] = row[s + green];
        samples[t + 2] = row[s + blue];
      }
    }
  }

  private static final class Packed16 extends PixelLayout {
    private final int greenBits;

    Packed16(int greenBits) {
      super(Short.SIZE);
      this.greenBits = greenBits;
    }

    @Override
    void toRgb(byte[] row, int from, int count, byte[] samples, int to, int step) {
      int greens = (1 << greenBits) - 1;
      for (int i = 0, s = from, t = to; i < count; i++, s += 2, t += step) {
        int pixel = (row[s] & 0xFF) | (row[s + 1] & 0xFF) << Byte.SIZE;
        samples[t] = (byte) ((pixel >> (5 + greenBits) & 31) * 255 / 31);
        samples[t + 1] = (byte) ((pixel >> 5 & greens) * 255 / greens);
        samples[t + 2] = (byte) ((pixel & 31) * 255 / 31);
      }
    }
  }
}
