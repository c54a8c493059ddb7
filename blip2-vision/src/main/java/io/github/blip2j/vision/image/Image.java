package io.github.blip2j.vision.image;

import io.github.blip2j.io.file.OutputFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * An image of 8-bit red, green and blue samples, row by row from the top left: {@code [height,
 * width, 3]}. Immutable.
 */
public final class Image {
  /** Samples of one pixel. */
  static final int CHANNELS = 3;

  // Some virtual machines cannot allocate the last few indices.
  private static final long MAX_SAMPLES = Integer.MAX_VALUE - 8L;

  private final int width;
  private final int height;
  private final byte[] samples;

  private Image(int width, int height, byte[] samples) {
    this.width = width;
    this.height = height;
    this.samples = samples;
  }

  /**
   * Converts an image as BLIP-2's references do: alpha is dropped without blending, gray is copied
   * to all three channels without a change of gamma, and of 16 bits the upper 8 are kept.
   *
   * @param image of any type
   * @throws IllegalArgumentException if it has more pixels than one array can hold
   */
  public static Image of(BufferedImage image) {
    return wrap(image.getWidth(), image.getHeight(), RasterReader.rgb(image));
  }

  /**
   * An image from its samples, which are copied.
   *
   * @param samples {@code [height, width, 3]}, unsigned
   * @throws IllegalArgumentException if their number is not {@code height * width * 3}
   */
  public static Image of(int width, int height, byte[] samples) {
    if (sampleCount(width, height) != samples.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "image: samples expected %d for %dx%d, got %d",
              sampleCount(width, height),
              width,
              height,
              samples.length));
    }
    return new Image(width, height, samples.clone());
  }

  /** An image on the given array, without a copy: the caller must not use the array afterwards. */
  static Image wrap(int width, int height, byte[] samples) {
    return new Image(width, height, samples);
  }

  /** A fresh array for the samples of an image of this size. */
  static byte[] newSamples(int width, int height) {
    return new byte[sampleCount(width, height)];
  }

  private static int sampleCount(int width, int height) {
    long count = (long) width * height * CHANNELS;
    if (width <= 0 || height <= 0 || count > MAX_SAMPLES) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "image: width and height expected 1 or more and at most %d pixels together, got %dx%d",
              MAX_SAMPLES / CHANNELS,
              width,
              height));
    }
    return (int) count;
  }

  /** The width in pixels. */
  public int width() {
    return width;
  }

  /** The height in pixels. */
  public int height() {
    return height;
  }

  /**
   * The colour of one pixel as {@code 0xRRGGBB}.
   *
   * @throws IndexOutOfBoundsException if the pixel lies outside
   */
  public int rgb(int x, int y) {
    if (x < 0 || x >= width || y < 0 || y >= height) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT,
              "image: pixel expected within %dx%d, got (%d, %d)",
              width,
              height,
              x,
              y));
    }
    int i = (y * width + x) * CHANNELS;
    return (samples[i] & 0xFF) << 16 | (samples[i + 1] & 0xFF) << 8 | (samples[i + 2] & 0xFF);
  }

  /**
   * The whole image resized, without keeping its proportions.
   *
   * @throws IllegalArgumentException if a side is not positive, or too long to be resampled
   */
  public Image resize(int newWidth, int newHeight, Resampling resampling) {
    return Resampler.resize(this, newWidth, newHeight, resampling);
  }

  /**
   * The part of the image with this top left corner and size. What lies outside the image is black,
   * as in the centre crop of the Hugging Face processors.
   */
  public Image crop(int left, int top, int newWidth, int newHeight) {
    byte[] part = newSamples(newWidth, newHeight);
    int from = Math.max(left, 0);
    int to = (int) Math.min((long) left + newWidth, width);
    for (int y = 0; y < newHeight && from < to; y++) {
      long row = (long) top + y;
      if (row >= 0 && row < height) {
        int source = ((int) row * width + from) * CHANNELS;
        int target = (y * newWidth + from - left) * CHANNELS;
        System.arraycopy(samples, source, part, target, (to - from) * CHANNELS);
      }
    }
    return new Image(newWidth, newHeight, part);
  }

  /** The image mirrored horizontally. */
  public Image mirrored() {
    byte[] mirror = newSamples(width, height);
    for (int y = 0; y < height; y++) {
      int source = y * width * CHANNELS;
      int target = source + (width - 1) * CHANNELS;
      for (int x = 0; x < width; x++, source += CHANNELS, target -= CHANNELS) {
        mirror[target] = samples[source];
        mirror[target + 1] = samples[source + 1];
        mirror[target + 2] = samples[source + 2];
      }
    }
    return new Image(width, height, mirror);
  }

  /** A copy as {@link BufferedImage#TYPE_INT_RGB}. */
  public BufferedImage toBufferedImage() {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        row[x] = rgb(x, y);
      }
      image.getRaster().setDataElements(0, y, width, 1, row);
    }
    return image;
  }

  /**
   * Writes the image as a PNG file; replaces an existing file.
   *
   * @throws IOException if the file can't be written
   */
  public void writePng(Path file) throws IOException {
    var png = new ByteArrayOutputStream();
    if (!ImageIO.write(toBufferedImage(), "png", png)) {
      throw new IOException(file + ": PNG writer expected in this Java, got none");
    }
    OutputFile.write(file, png.toByteArray());
  }

  /** A copy of the samples, unsigned, {@code [height, width, 3]}. */
  public byte[] toByteArray() {
    return samples.clone();
  }

  /** The samples themselves, for readers in this package only. */
  byte[] samples() {
    return samples;
  }

  /** As in {@code 640x480 RGB}. */
  @Override
  public String toString() {
    return width + "x" + height + " RGB";
  }
}
