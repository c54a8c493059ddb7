package io.github.blip2j.vision.image.tiff;

/** Colours that were multiplied by an alpha, which the sample after them holds. */
final class Premultiplied {
  private Premultiplied() {}

  /**
   * Divides colours by their alpha, rounding down, as Pillow's {@code unpackRGBa} does.
   *
   * @param from the byte of the first red that counts
   * @param sampleBytes between red and green
   * @param pixelBytes between one red and the next
   * @param channels of the target, whose fourth would be the alpha
   */
  static void divide(
      byte[] in,
      int from,
      int sampleBytes,
      int pixelBytes,
      byte[] out,
      int to,
      int channels,
      int pixels) {
    for (int i = 0; i < pixels; i++, from += pixelBytes, to += channels) {
      int alpha = in[from + 3 * sampleBytes] & 0xFF;
      for (int c = 0; c < 3; c++) {
        int color = in[from + c * sampleBytes] & 0xFF;
        out[to + c] = (byte) (alpha == 0 ? 0 : Math.min(255, color * 255 / alpha));
      }
    }
  }
}
