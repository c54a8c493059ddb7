package io.github.blip2j.vision.image.webp.lossless;

/**
 * Adds predictions from neighbours to the stored differences (RFC 9649, section 3.5.1). Each tile
 * has one of 14 predictors.
 */
final class Predictor implements Transform {
  private static final int BLACK = 0xFF000000;
  private static final int MODES = 15;

  private final int width;
  private final CodedImage tiles;
  private final int tileBits;

  /** The row above; the last entry is the first pixel of this row. */
  private final int[] above;

  Predictor(int width, CodedImage tiles, int tileBits) {
    this.width = width;
    this.tiles = tiles;
    this.tileBits = tileBits;
    this.above = new int[width + 1];
  }

  @Override
  public void invert(int[] row, int y) {
    if (y == 0) {
      row[0] = sum(row[0], BLACK);
      for (int x = 1; x < width; x++) {
        row[x] = sum(row[x], row[x - 1]);
      }
    } else {
      row[0] = sum(row[0], above[0]);
      above[width] = row[0];
      int tile = (y >> tileBits) * tiles.width();
      int start = 1;
      while (start < width) {
        int end = Math.min(((start >> tileBits) + 1) << tileBits, width);
        invert(tiles.pixels()[tile++] >> 8 & MODES, row, start, end);
        start = end;
      }
    }
    System.arraycopy(row, 0, above, 0, width);
  }

  private void invert(int mode, int[] row, int start, int end) {
    switch (mode) {
      case 1 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], row[x - 1]);
        }
      }
      case 2 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], above[x]);
        }
      }
      case 3 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], above[x + 1]);
        }
      }
      case 4 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], above[x - 1]);
        }
      }
      case 5 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], mean(mean(row[x - 1], above[x + 1]), above[x]));
        }
      }
      case 6 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], mean(row[x - 1], above[x - 1]));
        }
      }
      case 7 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], mean(row[x - 1], above[x]));
        }
      }
      case 8 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], mean(above[x - 1], above[x]));
        }
      }
      case 9 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], mean(above[x], above[x + 1]));
        }
      }
      case 10 -> {
        for (int x = start; x < end; x++) {
          int left = mean(row[x - 1], above[x - 1]);
          row[x] = sum(row[x], mean(left, mean(above[x], above[x + 1])));
        }
      }
      case 11 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], select(row[x - 1], above[x], above[x - 1]));
        }
      }
      case 12 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], gradient(row[x - 1], above[x], above[x - 1]));
        }
      }
      case 13 -> {
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], halfGradient(mean(row[x - 1], above[x]), above[x - 1]));
        }
      }
      default -> { // 0, and the undefined 14 and 15
        for (int x = start; x < end; x++) {
          row[x] = sum(row[x], BLACK);
        }
      }
    }
  }

  /** Adds channels, modulo 256. */
  static int sum(int a, int b) {
    int alphaAndGreen = (a & 0xFF00FF00) + (b & 0xFF00FF00) & 0xFF00FF00;
    int redAndBlue = (a & 0x00FF00FF) + (b & 0x00FF00FF) & 0x00FF00FF;
    return alphaAndGreen | redAndBlue;
  }

  /** Means of channels, rounded down. */
  private static int mean(int a, int b) {
    return ((a ^ b) >>> 1 & 0x7F7F7F7F) + (a & b);
  }

  /** Left or above, whichever is nearer to left + above - corner, summed over all channels. */
  private static int select(int left, int above, int corner) {
    int toLeft = 0;
    int toAbove = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      int c = corner >>> shift & 0xFF;
      toLeft += Math.abs((above >>> shift & 0xFF) - c);
      toAbove += Math.abs((left >>> shift & 0xFF) - c);
    }
    return toLeft < toAbove ? left : above;
  }

  /** Channels of left + above - corner, clipped. */
  private static int gradient(int left, int above, int corner) {
    int result = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      int sum = (left >>> shift & 0xFF) + (above >>> shift & 0xFF) - (corner >>> shift & 0xFF);
      result |= clip(sum) << shift;
    }
    return result;
  }

  /** Channels of mean + (mean - corner) / 2, clipped. */
  private static int halfGradient(int mean, int corner) {
    int result = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      int m = mean >>> shift & 0xFF;
      result |= clip(m + (m - (corner >>> shift & 0xFF)) / 2) << shift;
    }
    return result;
  }

  private static int clip(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
