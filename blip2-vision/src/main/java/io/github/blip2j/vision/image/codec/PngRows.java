package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Unfilters the rows of a PNG image and, if it is interlaced, combines its seven passes (PNG
 * specification, third edition, sections 8 and 9). Missing rows have colour 0.
 */
final class PngRows {
  private static final Pass WHOLE = new Pass(0, 0, 1, 1);
  private static final List<Pass> SEVEN =
      List.of(
          new Pass(0, 0, 8, 8),
          new Pass(4, 0, 8, 8),
          new Pass(0, 4, 4, 8),
          new Pass(2, 0, 4, 4),
          new Pass(0, 2, 2, 4),
          new Pass(1, 0, 2, 2),
          new Pass(0, 1, 1, 2));

  private final PngPixels pixels;
  private final ImageHeader size;
  private final PngHeader.Region region;
  private final boolean interlaced;
  private final PixelLayout layout;
  private final int pixelBytes;
  private byte[] row; // the filter byte, then the row
  private byte[] above;
  private byte[] samples = {};

  PngRows(PngHeader header, PngPixels pixels) throws IOException {
    this.pixels = pixels;
    this.size = header.size();
    this.region = header.region();
    this.interlaced = header.interlaced();
    this.layout = header.layout();
    this.pixelBytes = (layout.bits() + 7) / Byte.SIZE;
    this.row = new byte[1 + layout.rowBytes(region.width())];
    this.above = new byte[row.length];
  }

  /** A pass: the first column and row, and the steps between columns and rows. */
  private record Pass(int column, int row, int columnStep, int rowStep) {
    int columns(PngHeader.Region region) {
      return Math.max(0, (region.width() - column + columnStep - 1) / columnStep);
    }

    int rows(PngHeader.Region region) {
      return Math.max(0, (region.height() - row + rowStep - 1) / rowStep);
    }
  }

  byte[] read() throws IOException {
    List<Pass> passes = interlaced ? SEVEN : List.of(WHOLE);
    long bytes = 0;
    for (Pass pass : passes) {
      long rows = pass.rows(region);
      bytes += pass.columns(region) == 0 ? 0 : rows * (1 + layout.rowBytes(pass.columns(region)));
    }
    pixels.expect(bytes);
    for (Pass pass : passes) {
      if (!read(pass)) {
        return samples;
      }
    }
    return samples;
  }

  /** Reads the pixels of a pass; returns whether more may follow. */
  private boolean read(Pass pass) throws IOException {
    int count = pass.columns(region);
    if (count == 0) {
      return true;
    }
    int bytes = layout.rowBytes(count);
    Arrays.fill(above, (byte) 0);
    for (int y = pass.row; y < region.height(); y += pass.rowStep) {
      pixels.read(row, 1 + bytes);
      unfilter(bytes);
      makeRoom();
      int to = start(y) + pass.column * ImageHeader.CHANNELS;
      layout.toRgb(row, 1, count, samples, to, pass.columnStep * ImageHeader.CHANNELS);
      if (pixels.isOver()) {
        if (isWhole() && !interlaced) {
          fill(start(y + 1));
        }
        return false;
      }
      byte[] done = row;
      row = above;
      above = done;
    }
    return true;
  }

  /** The start of a row; as in Pillow, the position of an interlaced frame is ignored. */
  private int start(int y) {
    int left = interlaced ? 0 : region.left();
    int top = interlaced ? 0 : region.top();
    return ((top + y) * size.width() + left) * ImageHeader.CHANNELS;
  }

  private boolean isWhole() {
    return region.width() == size.width() && region.height() == size.height();
  }

  /** Allocates the image at the first row, not by the header alone. */
  private void makeRoom() throws IOException {
    if (samples.length > 0) {
      return;
    }
    samples = size.newSamples();
    if (interlaced || !isWhole()) {
      fill(0);
    }
  }

  private void fill(int from) {
    byte[] color = new byte[ImageHeader.CHANNELS];
    layout.toRgb(new byte[pixelBytes], 0, 1, color, 0, color.length);
    if (color[0] == 0 && color[1] == 0 && color[2] == 0) {
      return;
    }
    for (int i = from; i < samples.length; i += color.length) {
      System.arraycopy(color, 0, samples, i, color.length);
    }
  }

  private void unfilter(int bytes) throws IOException {
    switch (row[0]) {
      case 0 -> {}
      case 1 -> {
        for (int i = 1 + pixelBytes; i <= bytes; i++) {
          row[i] += row[i - pixelBytes];
        }
      }
      case 2 -> {
        for (int i = 1; i <= bytes; i++) {
          row[i] += above[i];
        }
      }
      case 3 -> addMean(bytes);
      case 4 -> addNearest(bytes);
      default -> throw new IOException("filter type " + (row[0] & 0xFF));
    }
  }

  private void addMean(int bytes) {
    for (int i = 1; i <= bytes; i++) {
      int before = i > pixelBytes ? row[i - pixelBytes] & 0xFF : 0;
      row[i] += (byte) ((before + (above[i] & 0xFF)) / 2);
    }
  }

  /**
   * Adds the Paeth predictor: left, above or above left, whichever is nearest to left + above -
   * above left.
   */
  private void addNearest(int bytes) {
    byte[] row = this.row;
    byte[] above = this.above;
    int pixelBytes = this.pixelBytes;
    int firstEnd = Math.min(pixelBytes, bytes);
    for (int i = 1; i <= firstEnd; i++) {
      row[i] += above[i];
    }
    for (int i = 1 + pixelBytes; i <= bytes; i++) {
      int a = row[i - pixelBytes] & 0xFF;
      int b = above[i] & 0xFF;
      int c = above[i - pixelBytes] & 0xFF;
      int fromA = Math.abs(b - c);
      int fromB = Math.abs(a - c);
      int fromC = Math.abs(a + b - 2 * c);
      row[i] += (byte) (fromA <= fromB && fromA <= fromC ? a : fromB <= fromC ? b : c);
    }
  }
}
