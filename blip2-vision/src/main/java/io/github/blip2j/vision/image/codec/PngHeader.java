package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a PNG file before its pixels, and Pillow's checks of chunks that do not affect the
 * pixels.
 */
final class PngHeader {
  private static final int HEADER_BYTES = 13;
  private static final int FRAME_BYTES = 26;
  private static final int GRAY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GRAY_ALPHA = 4;
  private static final int RGB_ALPHA = 6;
  private static final int MOST_COLORS = 256;
  private static final long NO_SEQUENCE = -1;

  private final byte[] file;
  private int width;
  private int height;
  private int bits;
  private int colorType;
  private boolean interlaced;
  private byte @Nullable [] palette;
  private boolean oneTransparentColor;
  private int orientation = ImageHeader.UPRIGHT;

  // Of animations: number of frames, sequence number of the last chunk, and region of the frame.
  private long frames;
  private long sequence = NO_SEQUENCE;
  private @Nullable Region region;

  PngHeader(byte[] file) {
    this.file = file;
  }

  /** A part of the image. */
  record Region(int left, int top, int width, int height) {}

  /** Whether size and colour type are known. */
  boolean isKnown() {
    return bits != 0;
  }

  ImageHeader size() throws IOException {
    if (!isKnown()) {
      throw new IOException("no header");
    }
    return ImageHeader.of(width, height, orientation);
  }

  boolean interlaced() {
    return interlaced;
  }

  /** The region of the first pixels. */
  Region region() throws IOException {
    if (region == null) {
      return new Region(0, 0, width, height);
    }
    if (region.width == 0
        || region.height == 0
        || region.left + region.width > width
        || region.top + region.height > height) {
      throw new IOException("a frame outside the image");
    }
    return region;
  }

  /** Whether frames follow the first one. */
  boolean isAnimated() {
    return frames + (frames > 0 && region == null ? 1 : 0) > 1;
  }

  PixelLayout layout() throws IOException {
    int bytes = bits / Byte.SIZE;
    return switch (colorType) {
      case GRAY ->
          bits > Byte.SIZE
              // Differs from HF: Pillow clips at 255, which makes nearly every image white.
              ? PixelLayout.bytes(bytes, 0, 0, 0)
              : PixelLayout.indexed(bits, PixelLayout.grays(bits));
      case PALETTE -> PixelLayout.indexed(bits, colors());
      case GRAY_ALPHA -> PixelLayout.bytes(2 * bytes, 0, 0, 0);
      case RGB -> PixelLayout.bytes(3 * bytes, 0, bytes, 2 * bytes);
      default -> PixelLayout.bytes(4 * bytes, 0, bytes, 2 * bytes);
    };
  }

  private byte[] colors() throws IOException {
    byte[] table = PixelLayout.table();
    if (palette == null) {
      if (oneTransparentColor) {
        throw new IOException("a transparent colour without a palette");
      }
      return table;
    }
    int count = palette.length / ImageHeader.CHANNELS;
    if (count > MOST_COLORS) {
      throw new IOException("a palette of " + count + " colours");
    }
    System.arraycopy(palette, 0, table, 0, count * ImageHeader.CHANNELS);
    return table;
  }

  /** Reads a chunk without pixels; all of its data must be there. */
  void read(PngChunks chunk) throws IOException {
    int length = chunk.requireData();
    switch (chunk.type()) {
      case "IHDR" -> readSize(chunk);
      case "PLTE" -> palette = colorType == PALETTE && isKnown() ? data(chunk) : palette;
      case "tRNS" -> readTransparency(chunk);
      case "gAMA" -> require(chunk, 4);
      case "sRGB" -> require(chunk, 1);
      case "pHYs" -> require(chunk, 9);
      case "cHRM" -> require(chunk, (length + 3) / 4 * 4);
      case "iCCP", "zTXt", "iTXt" -> PngTexts.check(chunk.type(), data(chunk));
      case "eXIf" -> readExif(chunk);
      case "acTL" -> readAnimation(chunk);
      case "fcTL" -> readFrame(chunk);
      default -> {} // no effect
    }
  }

  /** Reads an eXIf chunk. */
  void readExif(PngChunks chunk) throws IOException {
    int end = chunk.data() + chunk.requireData();
    orientation = Exif.orientation(file, chunk.data(), end);
  }

  /** Reads the sequence number before the pixels of a later frame. */
  void readFrameNumber(PngChunks chunk) throws IOException {
    require(chunk, Integer.BYTES);
    long number = Integer.toUnsignedLong(chunk.reader().i32());
    if (sequence == NO_SEQUENCE || number != sequence + 1) {
      throw new IOException("frames out of order");
    }
    sequence = number;
  }

  private byte[] data(PngChunks chunk) throws IOException {
    return Arrays.copyOfRange(file, chunk.data(), chunk.data() + chunk.requireData());
  }

  private static void require(PngChunks chunk, int bytes) throws IOException {
    if (chunk.requireData() < bytes) {
      throw new IOException(
          String.format(Locale.ROOT, "chunk %s of %d bytes", chunk.type(), chunk.length()));
    }
  }

  private void readSize(PngChunks chunk) throws IOException {
    require(chunk, HEADER_BYTES);
    ByteReader reader = chunk.reader();
    width = reader.i32();
    height = reader.i32();
    int depth = reader.u8();
    int type = reader.u8();
    reader.skip(1);
    int filters = reader.u8();
    interlaced |= reader.u8() != 0;
    if (exists(depth, type)) {
      bits = depth;
      colorType = type;
    }
    if (filters != 0) {
      throw new IOException("filter method " + filters);
    }
  }

  private static boolean exists(int depth, int type) {
    return switch (type) {
      case GRAY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
      case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
      case RGB, GRAY_ALPHA, RGB_ALPHA -> depth == 8 || depth == 16;
      default -> false;
    };
  }

  private void readTransparency(PngChunks chunk) throws IOException {
    if (!isKnown()) {
      return;
    }
    if (colorType == PALETTE) {
      oneTransparentColor = data(chunk).length > 0 && isOneTransparent(data(chunk));
    } else if (colorType == GRAY) {
      require(chunk, 2);
    } else if (colorType == RGB) {
      require(chunk, 6);
    }
  }

  private static boolean isOneTransparent(byte[] alphas) {
    int transparent = 0;
    for (byte alpha : alphas) {
      if (alpha != 0 && alpha != -1) {
        return false;
      }
      transparent += alpha == 0 ? 1 : 0;
    }
    return transparent == 1;
  }

  private void readAnimation(PngChunks chunk) throws IOException {
    require(chunk, 8);
    long count = Integer.toUnsignedLong(chunk.reader().i32());
    if (frames > 0) {
      frames = 0; // stated twice: no animation
    } else if (count <= 1L << 31) {
      frames = count;
    }
  }

  private void readFrame(PngChunks chunk) throws IOException {
    require(chunk, FRAME_BYTES);
    ByteReader reader = chunk.reader();
    long number = Integer.toUnsignedLong(reader.i32());
    if (number != sequence + 1) {
      throw new IOException("frames out of order");
    }
    sequence = number;
    long frameWidth = Integer.toUnsignedLong(reader.i32());
    long frameHeight = Integer.toUnsignedLong(reader.i32());
    long left = Integer.toUnsignedLong(reader.i32());
    long top = Integer.toUnsignedLong(reader.i32());
    if (left + frameWidth > Integer.toUnsignedLong(width)
        || top + frameHeight > Integer.toUnsignedLong(height)) {
      throw new IOException("a frame outside the image");
    }
    region = new Region((int) left, (int) top, (int) frameWidth, (int) frameHeight);
  }
}
