package io.github.blip2j.vision.image.webp.lossless;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the pixels of an image whose codes have been read (RFC 9649, section 3.7.3). */
public final class PixelReader {
  private static final int FIRST_LENGTH = PixelCodes.CHANNEL_SYMBOLS;
  private static final int FIRST_CACHED = FIRST_LENGTH + PixelCodes.LENGTH_SYMBOLS;

  private final BitReader reader;
  private final PixelCodeMap codes;
  private final @Nullable ColorCache cache;

  PixelReader(BitReader reader, PixelCodeMap codes, int cacheBits) {
    this.reader = reader;
    this.codes = codes;
    this.cache = cacheBits > 0 ? new ColorCache(cacheBits) : null;
  }

  /** Whether only green takes any bits and there is no colour cache. */
  public boolean isGreenOnly() {
    return cache == null && codes.isGreenOnly();
  }

  /**
   * Reads the pixels.
   *
   * @throws EOFException if the data end early, even within the last pixel
   */
  public CodedImage readWhole(int width, int height) throws IOException {
    CodedImage image = read(width, height);
    if (reader.isExhausted()) {
      throw new EOFException();
    }
    return image;
  }

  /**
   * Reads the pixels.
   *
   * @throws EOFException if the data end before the last pixel
   */
  public CodedImage read(int width, int height) throws IOException {
    int[] pixels = new int[width * height];
    int mask = codes.mask();
    int at = 0;
    int x = 0;
    int y = 0;
    PixelCodes here = codes.at(0, 0);
    while (at < pixels.length) {
      if ((x & mask) == 0) {
        here = codes.at(x, y);
      }
      reader.fill();
      if (reader.wasExhausted()) {
        throw new EOFException();
      }
      int symbol = here.green.read(reader);
      if (symbol < FIRST_LENGTH || symbol >= FIRST_CACHED) {
        pixels[at] = symbol < FIRST_LENGTH ? readColor(here, symbol) : cached(symbol);
        if (cache != null) {
          cache.add(pixels[at]);
        }
        at++;
        x++;
        if (x == width) {
          x = 0;
          y++;
        }
      } else {
        int length = copy(here, symbol - FIRST_LENGTH, pixels, at, width);
        at += length;
        y += (x + length) / width;
        x = (x + length) % width;
        if (at < pixels.length && (x & mask) != 0) {
          here = codes.at(x, y);
        }
      }
    }
    return new CodedImage(width, height, pixels);
  }

  private int readColor(PixelCodes here, int green) {
    if (here.greenOnly) {
      return here.fixedChannels | green << 8;
    }
    int red = here.red.read(reader);
    int blue = here.blue.read(reader);
    if (here.alpha.isSingle()) {
      return here.alpha.singleSymbol() << 24 | red << 16 | green << 8 | blue;
    }
    reader.fill();
    return here.alpha.read(reader) << 24 | red << 16 | green << 8 | blue;
  }

  private int cached(int symbol) {
    // The code has no such symbols unless there is a cache.
    return cache == null ? 0 : cache.get(symbol - FIRST_CACHED);
  }

  /** Copies earlier pixels to {@code at}; returns their number. */
  private int copy(PixelCodes here, int lengthSymbol, int[] pixels, int at, int width)
      throws IOException {
    int length = readNumber(lengthSymbol);
    if (reader.isExhausted()) {
      throw new EOFException(); // even for the last symbol, because its distance would be arbitrary
    }
    reader.fill();
    int distance = CopyDistance.of(readNumber(here.distance.read(reader)), width);
    int from = at - distance;
    if (from < 0 || length > pixels.length - at) {
      throw new IOException("a copy from outside the image");
    }
    if (distance >= length) {
      System.arraycopy(pixels, from, pixels, at, length);
    } else if (distance == 1) {
      Arrays.fill(pixels, at, at + length, pixels[from]);
    } else {
      for (int i = 0; i < length; i++) {
        pixels[at + i] = pixels[from + i];
      }
    }
    if (cache != null) {
      for (int i = at; i < at + length; i++) {
        cache.add(pixels[i]);
      }
    }
    return length;
  }

  /** The length or distance, from 1, whose coding begins with {@code symbol}. */
  private int readNumber(int symbol) {
    if (symbol < 4) {
      return symbol + 1;
    }
    int extra = (symbol - 2) >> 1;
    return ((2 + (symbol & 1)) << extra) + reader.read(extra) + 1;
  }
}
