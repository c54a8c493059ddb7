package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/**
 * A bitmap file with any header of OS/2 (12 and 64 bytes) or Windows (40, 52, 56, 108 and 124),
 * uncompressed or run-length coded, by Pillow's rules. As there, the stated file size, the number
 * of planes, the resolution and the colour space are ignored.
 *
 * <p>Differs from HF: runs of an odd number of single 4-bit pixels, of which Pillow loses the last,
 * are read completely.
 */
public final class BmpFile implements EncodedImage {
  private static final int RAW = 0;
  private static final int RLE8 = 1;
  private static final int RLE4 = 2;
  private static final int BITFIELDS = 3;

  private static final int START_FIELD = 10;
  private static final int HEADER = 14;
  private static final int SHORTEST = 12;
  private static final int WITH_ALPHA_MASK = 56;

  private final byte[] file;
  private int width;
  private int height;
  private boolean topDown;
  private int bits;
  private int compression = RAW;
  private long colors;
  private long start; // of the pixels; 0 if it is not stated
  private PixelLayout layout = PixelLayout.bytes(1, 0, 0, 0);

  private BmpFile(byte[] file) {
    this.file = file;
  }

  /** Reads the headers and the palette of {@code file}. */
  public static BmpFile parse(byte[] file) throws IOException {
    var bmp = new BmpFile(file);
    bmp.readHeaders();
    return bmp;
  }

  @Override
  public ImageHeader header() throws IOException {
    return ImageHeader.upright(width, height);
  }

  @Override
  public byte[] decode() throws IOException {
    return isRuns() ? runs() : rows();
  }

  private boolean isRuns() {
    return compression == RLE8 || compression == RLE4;
  }

  private byte[] runs() throws IOException {
    var runs = new BmpRuns(file, start, compression == RLE4, width);
    runs.require((long) width * height);
    byte[] samples = header().newSamples();
    byte[] row = new byte[width];
    for (int i = 0; i < height; i++) {
      runs.read(row);
      layout.toRgb(row, 0, width, samples, rowStart(i), ImageHeader.CHANNELS);
    }
    return samples;
  }

  private byte[] rows() throws IOException {
    int rowBytes = layout.rowBytes(width);
    long stride = ((long) width * bits + 31) / 32 * 4;
    if (stride < rowBytes) { // gray of one byte, although the header states fewer bits
      throw new IOException(
          String.format(Locale.ROOT, "rows of %d bytes for %d pixels", stride, width));
    }
    if (start + (height - 1) * stride + rowBytes > file.length) {
      throw new EOFException();
    }
    byte[] samples = header().newSamples();
    for (int i = 0; i < height; i++) {
      int from = (int) (start + i * stride);
      layout.toRgb(file, from, width, samples, rowStart(i), ImageHeader.CHANNELS);
    }
    return samples;
  }

  /** The first sample of the row that is stored as number {@code i}. */
  private int rowStart(int i) {
    return (topDown ? i : height - 1 - i) * width * ImageHeader.CHANNELS;
  }

  private void readHeaders() throws IOException {
    var reader = new ByteReader(file, START_FIELD);
    start = Integer.toUnsignedLong(reader.i32Little());
    int length = reader.i32Little();
    switch (length) {
      case SHORTEST -> readShortest(reader);
      case 40, 52, WITH_ALPHA_MASK, 64, 108, 124 -> {
        reader.require(length - Integer.BYTES);
        readHeader(reader);
      }
      default ->
          throw new IOException("a header of " + Integer.toUnsignedString(length) + " bytes");
    }
    switch (bits) {
      case 1, 4, 8, 16, 24, 32 -> {}
      default -> throw new IOException(String.format(Locale.ROOT, "pixels of %d bits", bits));
    }
    int end = HEADER + length;
    if (compression == BITFIELDS) {
      layout = BmpMasks.read(reader, length >= WITH_ALPHA_MASK).layout(bits);
      // After the shortest header with masks, which it does not include.
      start = start == 0 ? Math.max(end, reader.position()) : start;
    } else if (bits > Byte.SIZE) {
      layout = BmpMasks.usual(bits);
      start = start == 0 ? end : start;
    } else {
      long count = colors == 0 ? 1L << bits : colors;
      readPalette(new BmpPalette(file, end, count, length == SHORTEST ? 3 : 4));
    }
    requireKnownCompression();
  }

  private void readShortest(ByteReader reader) throws IOException {
    width = reader.u16Little();
    height = reader.u16Little();
    reader.skip(2);
    bits = reader.u16Little();
  }

  private void readHeader(ByteReader reader) throws IOException {
    width = reader.i32Little();
    height = reader.i32Little();
    topDown = height >>> 24 == 0xFF; // a small negative number; others are too large to read
    height = topDown ? -height : height;
    reader.skip(2);
    bits = reader.u16Little();
    compression = reader.i32Little();
    reader.skip(12);
    colors = Integer.toUnsignedLong(reader.i32Little());
    reader.skip(4);
  }

  private void readPalette(BmpPalette palette) throws IOException {
    layout = palette.layout(isRuns() ? Byte.SIZE : bits);
    if (start == 0) {
      start = palette.end();
    } else if (start == palette.start()) { // some programs ignore the palette that lies there
      start += palette.bytes();
    }
  }

  private void requireKnownCompression() throws IOException {
    boolean known = compression == RAW || compression == BITFIELDS;
    // Pillow's decoder of runs supports one-byte indices only.
    if (!known && !(isRuns() && layout.bits() == Byte.SIZE)) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "compression %s of %d-bit pixels",
              Integer.toUnsignedString(compression),
              bits));
    }
  }
}
