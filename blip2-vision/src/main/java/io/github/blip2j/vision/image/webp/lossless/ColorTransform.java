package io.github.blip2j.vision.image.webp.lossless;

/**
 * Adds a share of green to red, and shares of green and red to blue. Each tile has its own shares,
 * in 1/32.
 */
record ColorTransform(int width, CodedImage tiles, int tileBits) implements Transform {
  @Override
  public void invert(int[] row, int y) {
    int tile = (y >> tileBits) * tiles.width();
    for (int start = 0; start < width; start += 1 << tileBits) {
      int shares = tiles.pixels()[tile++];
      int greenToRed = (byte) shares;
      int greenToBlue = (byte) (shares >> 8);
      int redToBlue = (byte) (shares >> 16);
      int end = Math.min(start + (1 << tileBits), width);
      for (int x = start; x < end; x++) {
        int pixel = row[x];
        int green = (byte) (pixel >> 8);
        int red = (pixel >> 16) + ((greenToRed * green) >> 5) & 0xFF;
        int blue = pixel + ((greenToBlue * green) >> 5) + ((redToBlue * (byte) red) >> 5) & 0xFF;
        row[x] = (pixel & 0xFF00FF00) | red << 16 | blue;
      }
    }
  }
}
