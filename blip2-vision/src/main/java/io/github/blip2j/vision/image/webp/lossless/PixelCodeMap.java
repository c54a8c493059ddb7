package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Arrays;

/**
 * The codes of each tile of an image (RFC 9649, section 3.7.2.2). Codes that no tile uses are read
 * and dropped, so memory is bounded by the image's size.
 */
final class PixelCodeMap {
  private static final int UNUSED = -1;

  private final PixelCodes[] codes;
  private final int[] tiles;
  private final int tileBits;
  private final int tilesInRow;

  private PixelCodeMap(PixelCodes[] codes, int[] tiles, int tileBits, int tilesInRow) {
    this.codes = codes;
    this.tiles = tiles;
    this.tileBits = tileBits;
    this.tilesInRow = tilesInRow;
  }

  /** Reads the codes of an image with the same codes everywhere. */
  static PixelCodeMap readOne(BitReader reader, int cacheSize) throws IOException {
    var codeReader = new PrefixCodeReader(reader, PixelCodes.greenSymbols(cacheSize));
    PixelCodes[] codes = {PixelCodes.read(codeReader, cacheSize)};
    // Tiles larger than any image.
    return new PixelCodeMap(codes, new int[] {0}, Integer.SIZE - 2, 1);
  }

  /** Reads the codes of an image whose entropy image is {@code tiles}. */
  static PixelCodeMap read(BitReader reader, int cacheSize, CodedImage tiles, int tileBits)
      throws IOException {
    int[] numbers = tiles.pixels();
    int count = 0;
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = numbers[i] >> 8 & 0xFFFF;
      count = Math.max(count, numbers[i] + 1);
    }
    int[] places = new int[count];
    Arrays.fill(places, UNUSED);
    int used = 0;
    for (int i = 0; i < numbers.length; i++) {
      if (places[numbers[i]] == UNUSED) {
        places[numbers[i]] = used++;
      }
      numbers[i] = places[numbers[i]];
    }
    var codeReader = new PrefixCodeReader(reader, PixelCodes.greenSymbols(cacheSize));
    var codes = new PixelCodes[used];
    for (int place : places) {
      PixelCodes read = PixelCodes.read(codeReader, cacheSize);
      if (place != UNUSED) {
        codes[place] = read;
      }
    }
    return new PixelCodeMap(codes, numbers, tileBits, tiles.width());
  }

  /** The codes of the pixel at ({@code x}, {@code y}). */
  PixelCodes at(int x, int y) {
    return codes[tiles[(y >> tileBits) * tilesInRow + (x >> tileBits)]];
  }

  /**
   * The mask of x: a pixel's codes may differ from those of its left neighbour only where x has no
   * bit of this mask.
   */
  int mask() {
    return (1 << tileBits) - 1;
  }

  /** Whether only green takes any bits, in all tiles. */
  boolean isGreenOnly() {
    for (PixelCodes some : codes) {
      if (!some.greenOnly) {
        return false;
      }
    }
    return true;
  }
}
