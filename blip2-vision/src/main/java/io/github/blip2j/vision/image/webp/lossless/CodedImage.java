package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Locale;

/**
 * Pixels as VP8L stores them (RFC 9649, sections 3.6 and 3.7): colours, copies of earlier pixels,
 * and colours from a cache. The image itself is stored in this form, and so are the tables of its
 * transforms.
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
record CodedImage(int width, int height, int[] pixels) {
  private static final int MAX_CACHE_BITS = 11;

  /** Reads a table within an image; its codes are the same everywhere. */
  static CodedImage readTable(BitReader reader, int width, int height) throws IOException {
    int cacheBits = readCacheBits(reader);
    PixelCodeMap codes = PixelCodeMap.readOne(reader, cacheSize(cacheBits));
    return new PixelReader(reader, codes, cacheBits).readWhole(width, height);
  }

  /** Reads the data before the pixels of the main image. */
  static PixelReader startImage(BitReader reader, int width, int height) throws IOException {
    int cacheBits = readCacheBits(reader);
    int cacheSize = cacheSize(cacheBits);
    if (!reader.flag()) {
      return new PixelReader(reader, PixelCodeMap.readOne(reader, cacheSize), cacheBits);
    }
    int tileBits = 2 + reader.read(3);
    CodedImage tiles = readTable(reader, tiles(width, tileBits), tiles(height, tileBits));
    return new PixelReader(
        reader, PixelCodeMap.read(reader, cacheSize, tiles, tileBits), cacheBits);
  }

  /** The number of tiles of {@code 2^bits} pixels that cover {@code size} pixels. */
  static int tiles(int size, int bits) {
    return (size + (1 << bits) - 1) >> bits;
  }

  private static int readCacheBits(BitReader reader) throws IOException {
    if (!reader.flag()) {
      return 0;
    }
    int bits = reader.read(4);
    if (bits < 1 || bits > MAX_CACHE_BITS) {
      throw new IOException(String.format(Locale.ROOT, "a colour cache of 2^%d colours", bits));
    }
    return bits;
  }

  private static int cacheSize(int bits) {
    return bits == 0 ? 0 : 1 << bits;
  }
}
