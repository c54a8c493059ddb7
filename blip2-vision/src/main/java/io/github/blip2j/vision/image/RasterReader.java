package io.github.blip2j.vision.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * Copies the bands of a {@link BufferedImage} as they are stored.
 *
 * <p>{@code getRGB} and {@code drawImage} would be shorter, but they treat gray as linear (an error
 * of up to 73 levels), convert colour profiles and blend alpha with black. Pillow's {@code
 * convert("RGB")}, the reference, does none of these.
 */
final class RasterReader {
  private final ColorModel colors;
  private final Raster raster;
  private final int width;
  private final int height;

  private RasterReader(BufferedImage image) {
    this.colors = image.getColorModel();
    this.raster = image.getRaster();
    this.width = image.getWidth();
    this.height = image.getHeight();
  }

  /**
   * The samples of {@code image}: {@code height * width} of red, green and blue, row by row.
   *
   * @throws IllegalArgumentException if one array can't hold them
   */
  static byte[] rgb(BufferedImage image) {
    return new RasterReader(image).read();
  }

  private byte[] read() {
    byte[] samples = Image.newSamples(width, height);
    if (colors instanceof IndexColorModel palette) {
      readIndexed(palette, samples);
    } else if (hasPlainBands()) {
      readBands(samples);
    } else if (isGray() || isRgb()) {
      readNormalized(samples);
    } else {
      readConverted(samples);
    }
    return samples;
  }

  private boolean isGray() {
    return colors.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  private boolean isRgb() {
    return colors.getColorSpace().getType() == ColorSpace.TYPE_RGB;
  }

  /** Whether the bands are unsigned integers: gray, or red, green and blue. */
  private boolean hasPlainBands() {
    int type = colors.getTransferType();
    boolean unsigned =
        type == DataBuffer.TYPE_BYTE
            || type == DataBuffer.TYPE_USHORT
            || (type == DataBuffer.TYPE_INT && widestBand() <= Short.SIZE);
    return unsigned && (isGray() || isRgb());
  }

  /** The bits of the widest band; a caller's masks may have any width. */
  private int widestBand() {
    int widest = 0;
    for (int bits : colors.getComponentSize()) {
      widest = Math.max(widest, bits);
    }
    return widest;
  }

  private void readIndexed(IndexColorModel palette, byte[] samples) {
    int[] rgb = new int[palette.getMapSize()];
    palette.getRGBs(rgb);
    int[] row = new int[width];
    int i = 0;
    for (int y = 0; y < height; y++) {
      raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        // Pillow pads a short palette with black.
        int color = row[x] < rgb.length ? rgb[row[x]] : 0;
        samples[i++] = (byte) (color >> 16);
        samples[i++] = (byte) (color >> 8);
        samples[i++] = (byte) color;
      }
    }
  }

  private void readBands(byte[] samples) {
    int bands = raster.getNumBands();
    boolean gray = isGray();
    int green = gray ? 0 : 1;
    int blue = gray ? 0 : 2;
    byte[] reds = toByte(colors.getComponentSize(0));
    byte[] greens = toByte(colors.getComponentSize(green));
    byte[] blues = toByte(colors.getComponentSize(blue));
    int[] row = new int[width * bands];
    int i = 0;
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      if (colors.isAlphaPremultiplied()) {
        divideByAlpha(row, bands);
      }
      for (int p = 0; p < row.length; p += bands) {
        samples[i++] = reds[row[p]];
        samples[i++] = greens[row[p + green]];
        samples[i++] = blues[row[p + blue]];
      }
    }
  }

  /** Undoes the multiplication of each pixel's colours by its last band. */
  private void divideByAlpha(int[] row, int bands) {
    long opaque = (1L << colors.getComponentSize(bands - 1)) - 1;
    for (int p = 0; p < row.length; p += bands) {
      int alpha = row[p + bands - 1];
      for (int band = p; band < p + bands - 1; band++) {
        long color = alpha == 0 ? 0 : (row[band] * opaque + alpha / 2) / alpha;
        row[band] = (int) Math.min(opaque, color);
      }
    }
  }

  /** The 8-bit values of all samples of {@code bits} bits, rounded down as in Pillow. */
  private static byte[] toByte(int bits) {
    int max = (1 << bits) - 1;
    byte[] table = new byte[max + 1];
    for (int value = 1; value <= max; value++) { // a band without bits holds zeros only
      // Differs from HF: Pillow clips 16-bit gray at 255, which makes nearly every image white.
      table[value] = (byte) (bits > Byte.SIZE ? value >> (bits - Byte.SIZE) : value * 255 / max);
    }
    return table;
  }

  /** Reads signed and floating-point bands, which only the colour model can scale. */
  private void readNormalized(byte[] samples) {
    boolean gray = isGray();
    @SuppressWarnings("NullAway") // null asks for a fresh array
    float[] components = null;
    Object pixel = null;
    int i = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        pixel = raster.getDataElements(raster.getMinX() + x, raster.getMinY() + y, pixel);
        components = colors.getNormalizedComponents(pixel, components, 0);
        for (int channel = 0; channel < Image.CHANNELS; channel++) {
          float value = components[gray ? 0 : channel];
          samples[i++] = (byte) Math.round(255 * Math.min(1, Math.max(0, value)));
        }
      }
    }
  }

  /** Reads other colour spaces, such as CMYK or Lab, by their own conversion to sRGB. */
  private void readConverted(byte[] samples) {
    Object pixel = null;
    int i = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        pixel = raster.getDataElements(raster.getMinX() + x, raster.getMinY() + y, pixel);
        int color = colors.getRGB(pixel);
        samples[i++] = (byte) (color >> 16);
        samples[i++] = (byte) (color >> 8);
        samples[i++] = (byte) color;
      }
    }
  }
}
