package io.github.blip2j.vision.image.codec;

import java.io.IOException;

/**
 * The colour table of a bitmap, blue first, of three or four bytes a colour. As in Pillow, a table
 * of only black and white, or of the grays from black up, is ignored: an index is then a bit or a
 * byte of gray, whatever size the header states.
 */
final class BmpPalette {
  private static final int MOST_READ = 65536;
  private static final int MOST = 256;

  private final byte[] file;
  private final int start;
  private final int count;
  private final int colorBytes;
  private final int end;

  /** Reads {@code count} colours from {@code start} on, or as many as there are. */
  BmpPalette(byte[] file, int start, long count, int colorBytes) throws IOException {
    if (count > MOST_READ) {
      throw new IOException("a palette of " + count + " colours");
    }
    this.file = file;
    this.start = start;
    this.count = (int) count;
    this.colorBytes = colorBytes;
    this.end = (int) Math.min(file.length, start + count * colorBytes);
  }

  /** The position of the table in the file. */
  int start() {
    return start;
  }

  /** The position after the table. */
  int end() {
    return end;
  }

  /** The number of bytes that the table should take. */
  int bytes() {
    return count * colorBytes;
  }

  /** The layout of rows with indices of so many bits. */
  PixelLayout layout(int bits) throws IOException {
    if (isGray()) {
      return count == 2
          ? PixelLayout.indexed(1, PixelLayout.grays(1))
          : PixelLayout.indexed(Byte.SIZE, PixelLayout.grays(Byte.SIZE));
    }
    return PixelLayout.indexed(bits, table());
  }

  private boolean isGray() {
    for (int i = 0; i < count; i++) {
      byte gray = (byte) (count == 2 ? -i : i);
      int color = start + i * colorBytes;
      if (color + ImageHeader.CHANNELS > end
          || file[color] != gray
          || file[color + 1] != gray
          || file[color + 2] != gray) {
        return false;
      }
    }
    return true;
  }

  private byte[] table() throws IOException {
    int whole = (end - start) / colorBytes;
    if (whole > MOST) {
      throw new IOException("a palette of " + whole + " colours");
    }
    byte[] table = PixelLayout.table();
    for (int i = 0; i < whole; i++) {
      for (int channel = 0; channel < ImageHeader.CHANNELS; channel++) {
        table[i * ImageHeader.CHANNELS + channel] = file[start + i * colorBytes + 2 - channel];
      }
    }
    return table;
  }
}
