package io.github.blip2j.vision.image.tiff;

/**
 * Pixels with more or wider samples than the image keeps.
 *
 * @param first the byte of a sample that is kept, 0 or the upper one of two
 * @param sampleBytes from one sample to the next
 * @param pixelBytes from one pixel to the next
 * @param channels the number of kept samples of a pixel
 */
record PickedSamples(int first, int sampleBytes, int pixelBytes, int channels)
    implements RawMode.Unpacker {

  @Override
  public void unpack(byte[] in, int from, byte[] out, int to, int pixels) {
    int s = from + first;
    int t = to;
    for (int i = 0; i < pixels; i++, s += pixelBytes) {
      for (int c = 0; c < channels; c++) {
        out[t++] = in[s + c * sampleBytes];
      }
    }
  }
}
