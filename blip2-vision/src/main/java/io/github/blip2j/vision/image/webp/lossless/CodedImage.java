package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Locale;

/**
 * Pixels as VP8L stores them (RFC 9649, sections 3.6 and 3.7): colours, copies of earlier pixels,
 * and colours from a cache. The picture itself is one such image, and so are tables of its
 * transforms.
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record CodedImage(int width, int height, int[] pixels) {
  private static final int MAX_CACHE_BITS = 11;

  /** Reads an image within a picture: it has the same codes everywhere. */
  static CodedImage readTable(BitReader reader, int width, int height) throws IOException {
    int cacheBits = readCacheBits(reader);
    PixelCodeMap codes = PixelCodeMap.readOne(reader, cacheSize(cacheBits));
    return new PixelReader(reader, codes, cacheBits).readWhole(width, height);
  }

  /** Reads what precedes the pixels of the picture itself. */
  static PixelReader startPicture(BitReader reader, int width, int height) throws IOException {
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

  /** How many tiles of {@code 2^bits} pixels cover {@code size} pixels. */
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
