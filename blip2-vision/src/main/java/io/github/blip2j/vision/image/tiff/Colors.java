package io.github.blip2j.vision.image.tiff;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/** Pillow's {@code convert("RGB")}, with its rounding. */
final class Colors {
  private static final int CHANNELS = ImageHeader.CHANNELS;

  private Colors() {}

  /** The image in {@code canvas} as red, green and blue. */
  static byte[] rgb(String mode, Canvas canvas, Directory directory) throws IOException {
    byte[] samples = canvas.samples();
    return switch (mode) {
      case "RGB", "RGBA" -> samples;
      case "P", "PA" -> paint(samples, palette(directory));
      case "CMYK" -> fromCmyk(samples);
      case "YCbCr" -> fromYcc(samples);
      case "LAB" -> throw new IOException("CIE L*a*b* colours are not supported");
      default -> fromGray(samples);
    };
  }

  private static byte[] newRgb(int pixels) throws IOException {
    return ImageHeader.upright(pixels, 1).newSamples();
  }

  private static byte[] fromGray(byte[] samples) throws IOException {
    byte[] rgb = newRgb(samples.length);
    for (int i = 0, t = 0; i < samples.length; i++) {
      rgb[t++] = samples[i];
      rgb[t++] = samples[i];
      rgb[t++] = samples[i];
    }
    return rgb;
  }

  /** A palette of 256 colours; missing ones are black. */
  private static byte[] palette(Directory directory) throws IOException {
    int values = directory.count(Tags.COLOR_MAP);
    int colors = values / CHANNELS;
    if (values == 0 || colors > 256) {
      throw new IOException(String.format(Locale.ROOT, "a palette of %d values", values));
    }
    byte[] palette = new byte[256 * CHANNELS];
    for (int c = 0; c < colors; c++) {
      for (int channel = 0; channel < CHANNELS; channel++) {
        long level = directory.integer(Tags.COLOR_MAP, channel * colors + c);
        palette[c * CHANNELS + channel] = (byte) Math.floorDiv(level, 256);
      }
    }
    return palette;
  }

  private static byte[] paint(byte[] samples, byte[] palette) throws IOException {
    byte[] rgb = newRgb(samples.length);
    for (int i = 0, t = 0; i < samples.length; i++, t += CHANNELS) {
      System.arraycopy(palette, (samples[i] & 0xFF) * CHANNELS, rgb, t, CHANNELS);
    }
    return rgb;
  }

  private static byte[] fromCmyk(byte[] samples) throws IOException {
    byte[] rgb = newRgb(samples.length / 4);
    for (int s = 0, t = 0; s < samples.length; s += 4) {
      int light = 255 - (samples[s + 3] & 0xFF);
      for (int c = 0; c < CHANNELS; c++) {
        int product = (samples[s + c] & 0xFF) * light + 128;
        rgb[t++] = clip(light - ((product + (product >> 8)) >> 8)); // product / 255, rounded
      }
    }
    return rgb;
  }

  /** JFIF's conversion with six fractional bits. */
  private static byte[] fromYcc(byte[] samples) {
    int[] redByCr = sixBits(1.40200);
    int[] greenByCb = sixBits(-0.34414);
    int[] greenByCr = sixBits(-0.71414);
    int[] blueByCb = sixBits(1.77200);
    for (int s = 0; s < samples.length; s += CHANNELS) {
      int y = samples[s] & 0xFF;
      int cb = samples[s + 1] & 0xFF;
      int cr = samples[s + 2] & 0xFF;
      samples[s] = clip(y + (redByCr[cr] >> 6));
      samples[s + 1] = clip(y + ((greenByCb[cb] + greenByCr[cr]) >> 6));
      samples[s + 2] = clip(y + (blueByCb[cb] >> 6));
    }
    return samples;
  }

  private static int[] sixBits(double factor) {
    int[] table = new int[256];
    Arrays.setAll(table, i -> (int) (factor * 64 * (i - 128) + 0.5)); // truncated, not rounded down
    return table;
  }

  private static byte clip(int level) {
    return (byte) Math.max(0, Math.min(255, level));
  }
}
