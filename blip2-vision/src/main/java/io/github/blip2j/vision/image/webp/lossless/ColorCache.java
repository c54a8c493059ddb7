package io.github.blip2j.vision.image.webp.lossless;

/** Recently used colours, found by their hash (RFC 9649, section 3.6.3). */
final class ColorCache {
  private static final int FACTOR = 0x1E35A7BD;

  private final int[] colors;
  private final int shift;

  ColorCache(int bits) {
    colors = new int[1 << bits];
    shift = Integer.SIZE - bits;
  }

  void add(int color) {
    colors[(color * FACTOR) >>> shift] = color;
  }

  int get(int place) {
    return colors[place];
  }
}
