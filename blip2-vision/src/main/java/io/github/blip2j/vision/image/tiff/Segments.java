package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/**
 * The strips or tiles of a compressed image, as libtiff lays them out: their sizes in pixels and
 * the positions of their bytes.
 */
final class Segments {
  private static final long WHOLE_PICTURE = 0xFFFFFFFFL;
  private static final int LARGE = 1 << 20;

  // Against small files that take long: tiles far larger than the image, and many strips that share
  // many bytes. No compression is known to grow its input like that.
  private static final long MANY_PIXELS = 1 << 24;
  private static final int MANY_SEGMENTS = 64;
  private static final int MOST_SWOLLEN = 64;

  private static final int[] ARRAYS = {
    Tags.STRIP_OFFSETS, Tags.STRIP_BYTE_COUNTS, Tags.TILE_OFFSETS, Tags.TILE_BYTE_COUNTS
  };

  private final byte[] file;
  private final Directory directory;
  private final boolean tiled;
  private final boolean planar;
  private final int width;
  private final int height;
  private final int segmentWidth;
  private final int segmentHeight;
  private final long across;
  private final long perPlane;
  private final long total;

  /**
   * Reads the layout of an image of this size.
   *
   * @throws IOException if libtiff rejects it
   */
  Segments(byte[] file, Directory directory, int width, int height) throws IOException {
    this.file = file;
    this.directory = directory;
    this.width = width;
    this.height = height;
    this.tiled = directory.has(Tags.TILE_WIDTH) || directory.has(Tags.TILE_LENGTH);
    long planarConfiguration = directory.number(Tags.PLANAR_CONFIGURATION, 1L);
    if (planarConfiguration != 1 && planarConfiguration != 2) {
      throw new IOException("planar configuration " + planarConfiguration);
    }
    this.planar = planarConfiguration == 2;
    if (tiled) {
      this.segmentWidth = size(directory.number(Tags.TILE_WIDTH, 0L));
      this.segmentHeight = size(directory.number(Tags.TILE_LENGTH, 0L));
    } else {
      long rows = directory.number(Tags.ROWS_PER_STRIP, WHOLE_PICTURE);
      this.segmentWidth = width;
      this.segmentHeight = size(rows == WHOLE_PICTURE ? height : rows);
    }
    this.across = (width - 1L) / segmentWidth + 1;
    this.perPlane = across * ((height - 1) / segmentHeight + 1);
    this.total = planar ? perPlane * directory.number(Tags.SAMPLES_PER_PIXEL, 1L) : perPlane;
    double stored = (double) perPlane * segmentWidth * segmentHeight;
    if (tiled && stored > Math.max(MANY_PIXELS, 16.0 * width * height)) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "tiles of %dx%d in an image of %dx%d",
              segmentWidth,
              segmentHeight,
              width,
              height));
    }
    if (!directory.has(Tags.STRIP_OFFSETS) && !directory.has(Tags.TILE_OFFSETS)) {
      throw new IOException("no strips or tiles");
    }
    for (int tag : ARRAYS) {
      if (directory.isCut(tag, total)) {
        throw new EOFException();
      }
    }
  }

  private static int size(long size) throws IOException {
    if (size <= 0 || size > Integer.MAX_VALUE) {
      throw new IOException("no size of strips or tiles");
    }
    return (int) size;
  }

  boolean tiled() {
    return tiled;
  }

  /** Whether colours are in separate planes. */
  boolean planar() {
    return planar;
  }

  /** The width of a segment; tiles may extend beyond the image. */
  int segmentWidth() {
    return segmentWidth;
  }

  /** The height of a segment, which may exceed the image's. */
  int segmentHeight() {
    return segmentHeight;
  }

  /** The number of stored rows of the segment that begins at row {@code y}. */
  int storedRows(int y) {
    return tiled ? segmentHeight : Math.min(segmentHeight, height - y);
  }

  /** The number of the segment that contains this pixel of a plane. */
  long index(int x, int y, int plane) {
    return plane * perPlane + y / segmentHeight * across + x / segmentWidth;
  }

  /**
   * The bytes of a segment that has {@code decodedSize} bytes when decoded.
   *
   * @throws EOFException if the file ends before they do
   */
  CodedBytes bytes(long index, long decodedSize) throws IOException {
    long count = value(index, Tags.STRIP_BYTE_COUNTS, Tags.TILE_BYTE_COUNTS);
    long offset = value(index, Tags.STRIP_OFFSETS, Tags.TILE_OFFSETS);
    if (isUnknown(count, offset)) {
      count = planar ? file.length / total : file.length;
      if (index == total - 1) {
        count = Math.min(count, file.length - offset);
      }
    }
    if (count <= 0 || offset < 0) {
      throw new IOException("a strip or tile of no bytes");
    }
    if (count > LARGE && (count - 4096) / 10 > decodedSize) {
      count = decodedSize * 10 + 4096; // libtiff's estimate of its end
    }
    if (count > file.length || offset > file.length - count) {
      throw new EOFException();
    }
    if (total > MANY_SEGMENTS) {
      count = Math.min(count, decodedSize * MOST_SWOLLEN + 1024);
    }
    return new CodedBytes(file, (int) offset, (int) (offset + count));
  }

  /** Whether the lengths are missing, which is accepted for a single strip. */
  private boolean isUnknown(long count, long offset) throws IOException {
    boolean stated = directory.has(Tags.STRIP_BYTE_COUNTS) || directory.has(Tags.TILE_BYTE_COUNTS);
    if (!stated) {
      if (total != (planar ? directory.number(Tags.SAMPLES_PER_PIXEL, 1L) : 1)) {
        throw new IOException("no lengths of strips or tiles");
      }
      return true;
    }
    return total == 1 && !tiled && count == 0 && offset != 0;
  }

  private long value(long index, int stripTag, int tileTag) throws IOException {
    boolean asTiles = directory.has(tileTag) && (tiled || !directory.has(stripTag));
    int present = asTiles ? tileTag : stripTag;
    return index < directory.count(present) ? directory.integer(present, (int) index) : 0;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }
}
