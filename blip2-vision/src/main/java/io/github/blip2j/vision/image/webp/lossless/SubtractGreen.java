package io.github.blip2j.vision.image.webp.lossless;

/** Adds green to red and blue. */
record SubtractGreen(int width) implements Transform {
  @Override
  public void invert(int[] row, int y) {
    for (int x = 0; x < width; x++) {
      int pixel = row[x];
      int green = pixel >> 8 & 0xFF;
      int redAndBlue = (pixel & 0x00FF00FF) + (green << 16 | green) & 0x00FF00FF;
      row[x] = (pixel & 0xFF00FF00) | redAndBlue;
    }
  }
}
