package io.github.blip2j.vision.image.webp.lossless;

import java.io.IOException;
import java.util.Arrays;

/** Replaces palette indices by their colours; green holds up to eight indices. */
final class ColorIndexing implements Transform {
  private final int width;

  /** The number of indices in one pixel, 1, 2, 4 or 8, as a power of 2. */
  private final int packing;

  private final int[] palette;

  private ColorIndexing(int width, int packing, int[] palette) {
    this.width = width;
    this.packing = packing;
    this.palette = palette;
  }

  /** Reads the palette for an image of width {@code width}. */
  static ColorIndexing read(BitReader reader, int width) throws IOException {
    int colors = 1 + reader.read(8);
    int packing = colors > 16 ? 0 : colors > 4 ? 1 : colors > 2 ? 2 : 3;
    int[] differences = CodedImage.readTable(reader, colors, 1).pixels();
    // Indices beyond the palette, as in damaged images, are transparent black.
    int[] palette = Arrays.copyOf(differences, 1 << (Byte.SIZE >> packing));
    for (int i = 1; i < colors; i++) {
      palette[i] = Predictor.sum(palette[i], palette[i - 1]);
    }
    return new ColorIndexing(width, packing, palette);
  }

  /** The width of the image of indices. */
  int packedWidth() {
    return CodedImage.tiles(width, packing);
  }

  @Override
  public void invert(int[] row, int y) {
    int bits = Byte.SIZE >> packing;
    int mask = (1 << bits) - 1;
    int inPixel = (1 << packing) - 1;
    // From the right, so that no pixel is overwritten before its last index is read.
    for (int x = width - 1; x >= 0; x--) {
      int places = row[x >> packing] >> Byte.SIZE & 0xFF;
      row[x] = palette[places >> ((x & inPixel) * bits) & mask];
    }
  }
}
