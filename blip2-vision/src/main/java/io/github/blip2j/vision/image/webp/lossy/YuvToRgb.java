package io.github.blip2j.vision.image.webp.lossy;

/**
 * Converts rows of luma and of chroma, at half the resolution, to rows of red, green and blue, in
 * libwebp's arithmetic.
 *
 * <p>Chroma is interpolated: of the four samples around a pixel the nearest has weight 9/16, its
 * two neighbours 3/16 and the opposite one 1/16; beyond the image the edge is repeated.
 */
final class YuvToRgb {
  private static final int CHANNELS = 3;

  private final Plane luma;
  private final Plane u;
  private final Plane v;
  private final int width;
  private final int chromaWidth;
  private final int chromaHeight;

  /** A row of chroma at the height of the luma row, times 4; U in the low half, V above. */
  private final int[] row;

  YuvToRgb(Plane luma, Plane u, Plane v, int width, int height) {
    this.luma = luma;
    this.u = u;
    this.v = v;
    this.width = width;
    this.chromaWidth = (width + 1) / 2;
    this.chromaHeight = (height + 1) / 2;
    this.row = new int[chromaWidth];
  }

  /** Writes row {@code y} to {@code rgb} from {@code to} on. */
  void convert(int y, byte[] rgb, int to) {
    int near = y / 2;
    int far = near - 1 + y % 2 * 2;
    mixRows(near, Math.max(0, Math.min(chromaHeight - 1, far)));
    byte[] samples = luma.samples();
    int at = luma.at(0, y);
    int left = row[0];
    put(samples[at], quarter(left), rgb, to);
    for (int x = 1; x < chromaWidth; x++) {
      int right = row[x];
      int sum = left + right + 0x00080008;
      int pixel = to + (2 * x - 1) * CHANNELS;
      put(samples[at + 2 * x - 1], (sum + 2 * left) >> 4, rgb, pixel);
      put(samples[at + 2 * x], (sum + 2 * right) >> 4, rgb, pixel + CHANNELS);
      left = right;
    }
    if (width % 2 == 0) {
      put(samples[at + width - 1], quarter(left), rgb, to + (width - 1) * CHANNELS);
    }
  }

  private static int quarter(int mixed) {
    return (mixed + 0x00020002) >> 2;
  }

  private void mixRows(int near, int far) {
    byte[] us = u.samples();
    byte[] vs = v.samples();
    int nearAt = u.at(0, near);
    int farAt = u.at(0, far);
    for (int x = 0; x < row.length; x++) {
      int mixedU = 3 * (us[nearAt + x] & 0xFF) + (us[farAt + x] & 0xFF);
      int mixedV = 3 * (vs[nearAt + x] & 0xFF) + (vs[farAt + x] & 0xFF);
      row[x] = mixedU | mixedV << 16;
    }
  }

  /** Converts one pixel; {@code uv} has chroma in bits 0 to 7 and 16 to 23. */
  private static void put(byte y, int uv, byte[] rgb, int to) {
    int light = ((y & 0xFF) * 19077) >> 8;
    int u = uv & 0xFF;
    int v = uv >> 16 & 0xFF;
    rgb[to] = clip((light + ((v * 26149) >> 8) - 14234) >> 6);
    rgb[to + 1] = clip((light - ((u * 6419) >> 8) - ((v * 13320) >> 8) + 8708) >> 6);
    rgb[to + 2] = clip((light + ((u * 33050) >> 8) - 17685) >> 6);
  }

  private static byte clip(int value) {
    return (byte) ((value & ~0xFF) == 0 ? value : value < 0 ? 0 : 255);
  }
}
