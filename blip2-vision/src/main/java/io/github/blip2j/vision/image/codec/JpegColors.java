package io.github.blip2j.vision.image.codec;

import java.awt.image.Raster;
import java.io.IOException;
import java.util.Arrays;

/**
 * What the components of a JPEG file mean, and their conversion to RGB in the integer arithmetic of
 * libjpeg and Pillow.
 */
enum JpegColors {
  GRAY(1),
  RGB(3),
  YCBCR(3),
  CMYK(4),
  YCCK(4);

  /** In place of the transform of an Adobe segment, where there is none. */
  static final int NO_ADOBE_SEGMENT = -1;

  // ITU-R BT.601 with 16 fractional bits.
  private static final int RED_BY_CR = 91881;
  private static final int GREEN_BY_CB = -22554;
  private static final int GREEN_BY_CR = -46802;
  private static final int BLUE_BY_CB = 116130;
  private static final int HALF = 1 << 15;

  private final int components;

  JpegColors(int components) {
    this.components = components;
  }

  /** libjpeg's rules: JFIF means YCbCr, then Adobe's word counts, then the components' names. */
  static JpegColors of(int[] componentIds, boolean jfif, int adobeTransform) throws IOException {
    boolean adobe = adobeTransform != NO_ADOBE_SEGMENT;
    return switch (componentIds.length) {
      case 1 -> GRAY;
      case 3 -> {
        boolean rgb =
            adobe ? adobeTransform == 0 : Arrays.equals(componentIds, new int[] {'R', 'G', 'B'});
        yield rgb && !jfif ? RGB : YCBCR;
      }
      case 4 -> adobe && adobeTransform != 0 ? YCCK : CMYK;
      default -> throw new IOException(componentIds.length + " components are not supported");
    };
  }

  byte[] toRgb(Raster raster) throws IOException {
    int width = raster.getWidth();
    int height = raster.getHeight();
    if (raster.getNumBands() != components) {
      throw new IOException(raster.getNumBands() + " components expected to be " + components);
    }
    byte[] samples = ImageHeader.upright(width, height).newSamples();
    byte[] row = new byte[width * components];
    int t = 0;
    for (int y = 0; y < height; y++) {
      raster.getDataElements(0, y, width, 1, row);
      for (int s = 0; s < row.length; s += components, t += ImageHeader.CHANNELS) {
        convert(row, s, samples, t);
      }
    }
    return samples;
  }

  private void convert(byte[] source, int s, byte[] target, int t) {
    switch (this) {
      case GRAY -> Arrays.fill(target, t, t + ImageHeader.CHANNELS, source[s]);
      case RGB -> System.arraycopy(source, s, target, t, ImageHeader.CHANNELS);
      case YCBCR -> convertYcc(source, s, target, t);
      case CMYK -> {
        System.arraycopy(source, s, target, t, ImageHeader.CHANNELS);
        blacken(target, t, source[s + 3] & 0xFF);
      }
      case YCCK -> {
        convertYcc(source, s, target, t);
        for (int i = t; i < t + ImageHeader.CHANNELS; i++) {
          target[i] = (byte) ~target[i]; // YCC encodes 255 - CMY
        }
        blacken(target, t, source[s + 3] & 0xFF);
      }
    }
  }

  private static void convertYcc(byte[] source, int s, byte[] target, int t) {
    int y = source[s] & 0xFF;
    int cb = (source[s + 1] & 0xFF) - 128;
    int cr = (source[s + 2] & 0xFF) - 128;
    target[t] = clip(y + ((RED_BY_CR * cr + HALF) >> 16));
    target[t + 1] = clip(y + ((GREEN_BY_CB * cb + GREEN_BY_CR * cr + HALF) >> 16));
    target[t + 2] = clip(y + ((BLUE_BY_CB * cb + HALF) >> 16));
  }

  /**
   * Turns inks into light. Pillow takes every CMYK file for one of Adobe's, which store 255 for no
   * ink, so the stored values are 255 - CMYK.
   */
  private static void blacken(byte[] target, int t, int light) {
    for (int i = t; i < t + ImageHeader.CHANNELS; i++) {
      int ink = ~target[i] & 0xFF;
      int product = ink * light + 128;
      target[i] = clip(light - ((product + (product >> 8)) >> 8)); // product / 255, rounded
    }
  }

  private static byte clip(int level) {
    return (byte) Math.min(255, Math.max(0, level));
  }
}
