package io.github.blip2j.vision.image.tiff;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;
import java.util.Locale;

/**
 * YCbCr in blocks: luminance samples, then two colour samples (TIFF 6.0, section 21), in the
 * fixed-point arithmetic of libtiff's RGBA interface. As there, damaged strips show the part that
 * was decoded.
 */
final class SubsampledYcc {
  private final Segments segments;
  private final CompressedPixels pixels;
  private final YccTables tables;
  private final int across;
  private final int down;

  SubsampledYcc(Directory directory, Segments segments, CompressedPixels pixels)
      throws IOException {
    this.segments = segments;
    this.pixels = pixels;
    this.tables = new YccTables(directory);
    long[] sampling = sampling(directory);
    if (directory.number(Tags.SAMPLES_PER_PIXEL, 1L) != 3) {
      throw new IOException("YCbCr of other than three samples");
    }
    this.across = (int) sampling[0];
    this.down = (int) sampling[1];
    boolean known =
        segments.planar()
            ? across == 1 && down == 1
            : (across == 1 || across == 2 || across == 4)
                && (down == 1 || down == 2 || down == 4)
                && !(across == 1 && down == 4)
                && !(across == 2 && down == 4);
    if (!known) {
      throw new IOException(
          String.format(Locale.ROOT, "YCbCr subsampling of %dx%d", sampling[0], sampling[1]));
    }
  }

  /**
   * The pixels of a block, horizontally and vertically: two each if the file does not state two
   * numbers.
   */
  private static long[] sampling(Directory directory) throws IOException {
    long[] two = {2, 2};
    try {
      long[] stated = directory.integers(Tags.YCBCR_SUBSAMPLING, 2, two);
      return stated.length == 2 ? stated : two;
    } catch (IOException e) {
      return two;
    }
  }

  private long blocks(int columns) {
    return (columns - 1L) / across + 1;
  }

  private int blockBytes() {
    return segments.planar() ? 1 : across * down + 2;
  }

  /** The bytes of {@code down} rows. */
  private long blockRowBytes() {
    return blocks(segments.segmentWidth()) * blockBytes();
  }

  private long bytes(int rows) {
    return blockRowBytes() * ((rows - 1L) / down + 1);
  }

  Canvas read() throws IOException {
    int width = segments.width();
    int height = segments.height();
    int planes = segments.planar() ? 3 : 1;
    int most =
        segments.tiled()
            ? segments.segmentHeight()
            : Math.min(segments.segmentHeight(), segments.height());
    long size = bytes(most);
    if (size > (Integer.MAX_VALUE - 8) / planes) {
      throw new IOException(String.format(Locale.ROOT, "strips or tiles of %d bytes", size));
    }
    for (int plane = 0; plane < planes; plane++) {
      for (long y = 0; y < height; y += segments.segmentHeight()) {
        for (long x = 0; x < width; x += segments.segmentWidth()) {
          segments.bytes(segments.index((int) x, (int) y, plane), size);
        }
      }
    }
    var canvas = new Canvas(width, height, ImageHeader.CHANNELS);
    Decoders decoders = pixels.decoders();
    for (long top = 0; top < height; top += segments.segmentHeight()) {
      byte[][] buffers = new byte[planes][(int) size];
      int y = (int) top;
      for (long left = 0; left < width; left += segments.segmentWidth()) {
        int x = (int) left;
        int rows = Math.min(segments.segmentHeight(), height - y);
        for (int plane = 0; plane < planes; plane++) {
          decode(decoders, x, y, plane, buffers[plane], rows);
        }
        paint(buffers, x, y, rows, canvas);
      }
    }
    return canvas;
  }

  private void decode(Decoders decoders, int x, int y, int plane, byte[] buffer, int rows)
      throws IOException {
    long size = buffer.length;
    if (!segments.tiled() && !segments.planar()) {
      // libtiff's request: whole blocks, by a row size that is rounded down.
      long wanted = ((rows - 1L) / down + 1) * down * (blockRowBytes() / down);
      size = Math.min(bytes(rows), wanted);
    } else if (!segments.tiled()) {
      size = bytes(rows);
    }
    CodedBytes coded = segments.bytes(segments.index(x, y, plane), buffer.length);
    try {
      decoders.decode(coded, buffer, (int) size);
    } catch (IOException e) {
      // libtiff is told not to stop at decoding errors, but it stops at headers of JPEG streams.
      if (pixels.areJpeg()) {
        throw e;
      }
    }
  }

  private void paint(byte[][] buffers, int left, int top, int rows, Canvas canvas) {
    byte[] rgb = canvas.samples();
    int columns = Math.min(segments.segmentWidth(), segments.width() - left);
    int blockBytes = blockBytes();
    // Differs from TIFF: for 4x4 blocks beyond the right edge, libtiff skips 10 bytes, not 18.
    int skippedBytes = across == 4 && down == 4 ? 10 : blockBytes;
    int skipped = (segments.segmentWidth() - columns) / across;
    int rowBytes = (int) blocks(columns) * blockBytes + skipped * skippedBytes;
    for (int y = 0; y < rows; y++) {
      int row = y / down * rowBytes;
      int t = canvas.index(left, top + y);
      for (int x = 0; x < columns; x++, t += ImageHeader.CHANNELS) {
        int block = row + x / across * blockBytes;
        if (segments.planar()) {
          tables.convert(buffers[0][block], buffers[1][block], buffers[2][block], rgb, t);
        } else {
          byte[] buffer = buffers[0];
          int chroma = block + blockBytes - 2;
          byte luma = buffer[block + y % down * across + x % across];
          tables.convert(luma, buffer[chroma], buffer[chroma + 1], rgb, t);
        }
      }
    }
  }
}
