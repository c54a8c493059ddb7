package io.github.blip2j.vision.image;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Resizes images bit-equal to Pillow: first horizontally to whole levels, then vertically, with the
 * windows of {@link ResamplingWeights}; very tall images the other way.
 *
 * <p>No JVM library gives these numbers (the nearest are off by tens of levels), and models see the
 * difference. Pillow stores the image between the two passes. Here each source row is resized once
 * and added to every result row whose window contains it. Integer sums do not depend on the order,
 * and an image a million rows tall needs no more memory than a flat one.
 */
final class Resampler {
  private static final int CHANNELS = Image.CHANNELS;

  // An image is very tall if its height is more than so many times its width.
  private static final long TALL = 100;

  private Resampler() {}

  static Image resize(Image image, int width, int height, Resampling resampling) {
    byte[] result = Image.newSamples(width, height);
    if (width == image.width() && height == image.height()) {
      return image;
    }
    if (resampling == Resampling.NEAREST) {
      pickNearest(image, width, height, result);
      return Image.wrap(width, height, result);
    }
    if (isDownFirst(image, height) && width != image.width()) {
      Image flatter = resize(image, image.width(), height, resampling);
      return resize(flatter, width, height, resampling);
    }
    // A side that keeps its length has no pass.
    var across =
        width == image.width() ? null : new ResamplingWeights(image.width(), width, resampling);
    if (height == image.height()) {
      for (int y = 0; y < height; y++) {
        narrow(image, y, across, result, y * width * CHANNELS);
      }
    } else {
      var down = new ResamplingWeights(image.height(), height, resampling);
      resizeRows(image, across, down, result);
    }
    return Image.wrap(width, height, result);
  }

  /**
   * Whether the height is reduced before the width. Pillow 12.3 does so for very tall images, to
   * save time; levels are rounded between the passes, so the order affects them.
   */
  private static boolean isDownFirst(Image image, int height) {
    return image.height() > TALL * image.width() && height < image.height();
  }

  private static void resizeRows(
      Image image, @Nullable ResamplingWeights across, ResamplingWeights down, byte[] result) {
    int[] sums = new int[result.length];
    Arrays.fill(sums, ResamplingWeights.HALF);
    byte[] row = new byte[result.length / down.size()];
    int firstOpen = 0;
    for (int y = 0; y < image.height(); y++) {
      narrow(image, y, across, row, 0);
      firstOpen = addToRows(row, y, down, firstOpen, sums);
    }
    for (int i = 0; i < sums.length; i++) {
      result[i] = (byte) ResamplingWeights.level(sums[i]);
    }
  }

  /**
   * Resizes row {@code y} of the image horizontally into {@code target}; copies it if there are no
   * windows.
   */
  private static void narrow(
      Image image, int y, @Nullable ResamplingWeights windows, byte[] target, int at) {
    byte[] source = image.samples();
    int rowStart = y * image.width() * CHANNELS;
    if (windows == null) {
      System.arraycopy(source, rowStart, target, at, image.width() * CHANNELS);
      return;
    }
    int[] weights = windows.weights();
    int t = at;
    for (int x = 0; x < windows.size(); x++) {
      int red = ResamplingWeights.HALF;
      int green = ResamplingWeights.HALF;
      int blue = ResamplingWeights.HALF;
      int s = rowStart + windows.first(x) * CHANNELS;
      int end = windows.offset(x) + windows.length(x);
      for (int k = windows.offset(x); k < end; k++, s += CHANNELS) {
        int weight = weights[k];
        red += weight * (source[s] & 0xFF);
        green += weight * (source[s + 1] & 0xFF);
        blue += weight * (source[s + 2] & 0xFF);
      }
      target[t++] = (byte) ResamplingWeights.level(red);
      target[t++] = (byte) ResamplingWeights.level(green);
      target[t++] = (byte) ResamplingWeights.level(blue);
    }
  }

  /**
   * Adds source row {@code y} to the result rows that use it; returns the first incomplete result
   * row.
   */
  private static int addToRows(
      byte[] row, int y, ResamplingWeights windows, int firstOpen, int[] sums) {
    int open = firstOpen;
    while (open < windows.size() && windows.first(open) + windows.length(open) <= y) {
      open++;
    }
    // Windows start in order, so the first that starts below ends the search.
    for (int i = open; i < windows.size() && windows.first(i) <= y; i++) {
      if (y - windows.first(i) < windows.length(i)) {
        int weight = windows.weight(i, y - windows.first(i));
        int s = i * row.length;
        for (byte sample : row) {
          sums[s++] += weight * (sample & 0xFF);
        }
      }
    }
    return open;
  }

  private static void pickNearest(Image image, int width, int height, byte[] result) {
    int[] columns = nearest(image.width(), width);
    int[] rows = nearest(image.height(), height);
    byte[] source = image.samples();
    int t = 0;
    for (int row : rows) {
      for (int column : columns) {
        int s = (row * image.width() + column) * CHANNELS;
        result[t++] = source[s];
        result[t++] = source[s + 1];
        result[t++] = source[s + 2];
      }
    }
  }

  /**
   * Nearest source pixels. Pillow steps by adding, so its rounding error grows along the line, and
   * so it does here.
   */
  private static int[] nearest(int from, int to) {
    double scale = (double) from / to;
    double position = scale * 0.5;
    int[] picked = new int[to];
    for (int i = 0; i < to; i++) {
      picked[i] = Math.min((int) position, from - 1);
      position += scale;
    }
    return picked;
  }
}
