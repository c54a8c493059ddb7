package io.github.blip2j.vision.image.tiff;

/**
 * Pixels whose colours are premultiplied by the following alpha. They are divided by it, rounding
 * down, as in Pillow's {@code unpackRGBa}.
 *
 * @param first the byte of a sample that is kept, 0 or the upper one of two
 * @param sampleBytes from red to green
 * @param pixelBytes from one red to the next
 * @param channels of the image, of which three are written
 */
record Premultiplied(int first, int sampleBytes, int pixelBytes, int channels)
    implements RawMode.Unpacker {

  @Override
  public void unpack(byte[] in, int from, byte[] out, int to, int pixels) {
    int s = from + first;
    int t = to;
    for (int i = 0; i < pixels; i++, s += pixelBytes, t += channels) {
      int alpha = in[s + 3 * sampleBytes] & 0xFF;
      for (int c = 0; c < 3; c++) {
        int color = in[s + c * sampleBytes] & 0xFF;
        out[t + c] = (byte) (alpha == 0 ? 0 : Math.min(255, color * 255 / alpha));
      }
    }
  }
}
