package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;

/** The five prefix codes of a region of an image (RFC 9649, section 3.7.1). Immutable. */
final class PixelCodes {
  static final int CHANNEL_SYMBOLS = 256;
  static final int LENGTH_SYMBOLS = 24;

  private static final int DISTANCE_SYMBOLS = 40;

  /** The code of green, lengths of copies and indices in the colour cache. */
  final PrefixCode green;

  final PrefixCode red;
  final PrefixCode blue;
  final PrefixCode alpha;
  final PrefixCode distance;

  /** Whether red, blue and alpha take no bits, and their values then. */
  final boolean greenOnly;

  final int fixedChannels;

  private PixelCodes(PrefixCodeReader reader, int cacheSize) throws IOException {
    green = reader.read(greenSymbols(cacheSize));
    red = reader.read(CHANNEL_SYMBOLS);
    blue = reader.read(CHANNEL_SYMBOLS);
    alpha = reader.read(CHANNEL_SYMBOLS);
    distance = reader.read(DISTANCE_SYMBOLS);
    greenOnly = red.isSingle() && blue.isSingle() && alpha.isSingle();
    int others = 0;
    if (greenOnly) {
      others = alpha.singleSymbol() << 24 | red.singleSymbol() << 16 | blue.singleSymbol();
    }
    fixedChannels = others;
  }

  /** Reads the codes of an image with a colour cache of {@code cacheSize} colours. */
  static PixelCodes read(PrefixCodeReader reader, int cacheSize) throws IOException {
    return new PixelCodes(reader, cacheSize);
  }

  static int greenSymbols(int cacheSize) {
    return CHANNEL_SYMBOLS + LENGTH_SYMBOLS + cacheSize;
  }
}
