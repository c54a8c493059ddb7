package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;
import java.util.Arrays;

/**
 * The colour space of a JPEG file, and its conversion to RGB in the integer arithmetic of libjpeg
 * and Pillow.
 */
enum JpegColors {
  GRAY,
  RGB,
  YCBCR,
  CMYK,
  YCCK,
  /** No conversion: all components of each pixel in turn. */
  AS_STORED;

  /** The value for a file without Adobe's segment. */
  static final int NO_ADOBE_SEGMENT = -1;

  // The coefficients of ITU-R BT.601, times each level of Cb or Cr.
  private static final int FRACTION = 16;
  private static final int HALF = 1 << (FRACTION - 1);
  private static final int[] RED = products(91881, HALF, FRACTION);
  private static final int[] GREEN_OF_CB = products(-22554, 0, 0);
  private static final int[] GREEN_OF_CR = products(-46802, HALF, 0);
  private static final int[] BLUE = products(116130, HALF, FRACTION);

  private static int[] products(int factor, int rounding, int shift) {
    int[] products = new int[256];
    for (int level = 0; level < products.length; level++) {
      products[level] = (factor * (level - 128) + rounding) >> shift;
    }
    return products;
  }

  /**
   * The colour space by libjpeg's rules: JFIF means YCbCr, then Adobe's transform counts, then the
   * names of the components.
   */
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

  /**
   * The colour space of lossless coding, where libjpeg takes three components as RGB unless the
   * file states otherwise, and converts nothing.
   */
  JpegColors lossless(boolean jfif, int adobeTransform) throws IOException {
    JpegColors stored = this == YCBCR && !jfif && adobeTransform == NO_ADOBE_SEGMENT ? RGB : this;
    if (stored == YCBCR || stored == YCCK) {
      throw new IOException("lossless " + stored + " is not supported");
    }
    return stored;
  }

  /**
   * Converts one row of pixels.
   *
   * @param components the rows of the components, as wide as the image
   * @param target receives {@code width} pixels from {@code to} on
   */
  void convert(Upsampler[] components, int width, byte[] target, int to) {
    switch (this) {
      case GRAY -> convertGray(components[0], width, target, to);
      case RGB -> interleave(components, ImageHeader.CHANNELS, width, target, to);
      case AS_STORED -> interleave(components, components.length, width, target, to);
      case YCBCR -> convertYcc(components, width, target, to);
      case CMYK -> {
        interleave(components, ImageHeader.CHANNELS, width, target, to);
        blacken(components[3], width, target, to);
      }
      case YCCK -> {
        convertYcc(components, width, target, to);
        for (int i = to; i < to + ImageHeader.CHANNELS * width; i++) {
          target[i] = (byte) ~target[i]; // YCC encodes 255 - CMY
        }
        blacken(components[3], width, target, to);
      }
    }
  }

  private static void convertGray(Upsampler gray, int width, byte[] target, int to) {
    byte[] in = gray.row;
    int s = gray.offset;
    for (int x = 0, t = to; x < width; x++, t += ImageHeader.CHANNELS) {
      byte level = in[s + x];
      target[t] = level;
      target[t + 1] = level;
      target[t + 2] = level;
    }
  }

  /** The samples of one pixel of an image with so many components. */
  int channels(int components) {
    return this == AS_STORED ? components : ImageHeader.CHANNELS;
  }

  private static void interleave(
      Upsampler[] components, int channels, int width, byte[] target, int to) {
    for (int c = 0; c < channels; c++) {
      byte[] in = components[c].row;
      int s = components[c].offset;
      for (int x = 0, t = to + c; x < width; x++, t += channels) {
        target[t] = in[s + x];
      }
    }
  }

  private static void convertYcc(Upsampler[] components, int width, byte[] target, int to) {
    byte[] luma = components[0].row;
    byte[] blue = components[1].row;
    byte[] red = components[2].row;
    int lumaFrom = components[0].offset;
    int blueFrom = components[1].offset;
    int redFrom = components[2].offset;
    for (int x = 0, t = to; x < width; x++, t += ImageHeader.CHANNELS) {
      int y = luma[lumaFrom + x] & 0xFF;
      int cb = blue[blueFrom + x] & 0xFF;
      int cr = red[redFrom + x] & 0xFF;
      int r = y + RED[cr];
      int g = y + ((GREEN_OF_CB[cb] + GREEN_OF_CR[cr]) >> FRACTION);
      int b = y + BLUE[cb];
      if (((r | g | b) & ~0xFF) != 0) { // rare, so one test is cheaper than three
        r = clip(r);
        g = clip(g);
        b = clip(b);
      }
      target[t] = (byte) r;
      target[t + 1] = (byte) g;
      target[t + 2] = (byte) b;
    }
  }

  /**
   * Multiplies CMY by black, giving RGB. Pillow treats every CMYK file as one of Adobe's, which
   * stores 255 for no ink, so the stored values are 255 - CMYK.
   */
  private static void blacken(Upsampler black, int width, byte[] target, int to) {
    for (int x = 0, t = to; x < width; x++) {
      int light = black.row[black.offset + x] & 0xFF;
      for (int c = 0; c < ImageHeader.CHANNELS; c++, t++) {
        int ink = ~target[t] & 0xFF;
        int product = ink * light + 128;
        target[t] = (byte) clip(light - ((product + (product >> 8)) >> 8)); // product / 255
      }
    }
  }

  private static int clip(int level) {
    return Math.min(255, Math.max(0, level));
  }
}
