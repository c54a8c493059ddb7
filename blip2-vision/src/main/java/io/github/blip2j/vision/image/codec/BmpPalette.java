package io.github.blip2j.vision.image.codec;

import java.io.IOException;

/**
 * The colours of a bitmap's indices, blue first, of three or four bytes each. One that holds
 * nothing but black and white, or the grays from black up, is left out as in Pillow: an index is
 * then a bit or a byte of gray, whatever the header says of its size.
 */
final class BmpPalette {
  private static final int MOST_READ = 65536;
  private static final int MOST = 256;

  private final byte[] file;
  private final int start;
  private final int count;
  private final int colorBytes;
  private final int end;

  /** Of {@code count} colours from {@code start} on, or of those that are there. */
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

  /** Where it starts in the file. */
  int start() {
    return start;
  }

  /** Where the file goes on after it. */
  int end() {
    return end;
  }

  /** Bytes that it should take. */
  int bytes() {
    return count * colorBytes;
  }

  /** How rows of indices of so many bits are read. */
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
