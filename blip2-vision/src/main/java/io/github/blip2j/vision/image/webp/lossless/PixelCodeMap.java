package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Arrays;

/**
 * Which codes each tile of a picture has (RFC 9649, section 3.7.2.2). The codes that no tile has
 * are read and forgotten, so that memory is bounded by the picture's size.
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

  /** Reads the codes of a picture that has the same everywhere. */
  static PixelCodeMap readOne(BitReader reader, int cacheSize) throws IOException {
    var codeReader = new PrefixCodeReader(reader, PixelCodes.greenSymbols(cacheSize));
    PixelCodes[] codes = {PixelCodes.read(codeReader, cacheSize)};
    // Tiles larger than any picture.
    return new PixelCodeMap(codes, new int[] {0}, Integer.SIZE - 2, 1);
  }

  /** Reads the codes of a picture whose entropy image is {@code tiles}. */
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

  /** A pixel may have other codes than that to its left where x has no bits of this mask. */
  int mask() {
    return (1 << tileBits) - 1;
  }

  /** Whether only green takes any bits, everywhere. */
  boolean isGreenOnly() {
    for (PixelCodes some : codes) {
      if (!some.greenOnly) {
        return false;
      }
    }
    return true;
  }
}
