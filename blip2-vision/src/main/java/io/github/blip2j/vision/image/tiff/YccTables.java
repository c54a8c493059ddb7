package io.github.blip2j.vision.image.tiff;

import java.io.IOException;

/**
 * YCbCr to RGB with 16 fractional bits for any luminance weights and reference levels, as in
 * libtiff's {@code TIFFYCbCrToRGBInit}.
 */
final class YccTables {
  private static final int HALF = 1 << 15;
  private static final float LIMIT = 128 * 32;

  private final int[] luma = new int[256];
  private final int[] redByCr = new int[256];
  private final int[] greenByCr = new int[256];
  private final int[] greenByCb = new int[256];
  private final int[] blueByCb = new int[256];

  YccTables(Directory directory) throws IOException {
    float[] weights = directory.floats(Tags.YCBCR_COEFFICIENTS, 0.299f, 0.587f, 0.114f);
    float[] levels = directory.floats(Tags.REFERENCE_BLACK_WHITE, 0f, 255f, 128f, 255f, 128f, 255f);
    boolean usable = weights[1] != 0;
    for (float weight : weights) {
      usable &= !Float.isNaN(weight);
    }
    for (float level : levels) {
      usable &= level > (float) (-0x7FFFFFFF + 128) && level < (float) 0x7FFFFFFF;
    }
    if (!usable) {
      throw new IOException("luminance weights or reference levels that are no numbers");
    }
    float red = 2 - 2 * weights[0];
    float blue = 2 - 2 * weights[2];
    int d1 = fixed(red);
    int d2 = -fixed(weights[0] * red / weights[1]);
    int d3 = fixed(blue);
    int d4 = -fixed(weights[2] * blue / weights[1]);
    for (int i = 0; i < 256; i++) {
      int cr = level(i - 128, levels[4] - 128, levels[5] - 128, 127);
      int cb = level(i - 128, levels[2] - 128, levels[3] - 128, 127);
      redByCr[i] = (d1 * cr + HALF) >> 16;
      blueByCb[i] = (d3 * cb + HALF) >> 16;
      greenByCr[i] = d2 * cr;
      greenByCb[i] = d4 * cb + HALF;
      luma[i] = level(i, levels[0], levels[1], 255);
    }
  }

  private static int fixed(float value) {
    return (int) (Math.max(0f, Math.min(2f, value)) * 65536L + 0.5);
  }

  private static int level(int code, float black, float white, int range) {
    float span = white - black != 0 ? white - black : 1;
    float level = (code - (int) black) * (float) range / span;
    return (int) Math.max(-LIMIT, Math.min(LIMIT, level));
  }

  /** Writes red, green and blue. */
  void convert(byte y, byte cb, byte cr, byte[] rgb, int to) {
    int level = luma[y & 0xFF];
    int b = cb & 0xFF;
    int r = cr & 0xFF;
    rgb[to] = clip(level + redByCr[r]);
    rgb[to + 1] = clip(level + ((greenByCb[b] + greenByCr[r]) >> 16));
    rgb[to + 2] = clip(level + blueByCb[b]);
  }

  private static byte clip(int level) {
    return (byte) Math.max(0, Math.min(255, level));
  }
}
