package io.github.blip2j.vision.image.jpeg;

/**
 * Upsamples the rows of a component to the width and height of the image.
 *
 * <p>By libjpeg's rules ({@code jinit_upsampler}): doubling interpolates linearly between the
 * centres of samples, with 0.5 rounded up and down alternately; other factors repeat samples.
 */
abstract class Upsampler {
  /** The array that holds the last row. */
  byte[] row;

  /** The offset of that row. */
  int offset;

  final SampleRows source;

  Upsampler(SampleRows source, byte[] row) {
    this.source = source;
    this.row = row;
  }

  /** The upsampler of {@code component}, whose samples are in {@code source}. */
  static Upsampler of(Component component, Frame.Size size, SampleRows source) {
    int across = size.horizontal() / component.horizontal;
    int down = size.vertical() / component.vertical;
    byte[] row = new byte[across * source.stride + 2];
    boolean interpolated = size.unit() > 1; // lossless samples are repeated
    boolean wide = interpolated && component.width > 2; // narrow rows are repeated, too
    if (across == 1 && down == 1) {
      return new AsItIs(source);
    }
    if (across == 2 && down == 1 && wide) {
      return new TwiceAsWide(source, row, component.width);
    }
    if (across == 1 && down == 2 && interpolated) {
      return new TwiceAsHigh(source, row, component.width);
    }
    if (across == 2 && down == 2 && wide) {
      return new TwiceAsWideAndHigh(source, row, component.width);
    }
    return new Repeated(source, row, component.width, across, down);
  }

  /** Reads row {@code y} of the image to {@link #row}. */
  abstract void read(int y);

  /** Whether the row below is needed as well. */
  boolean needsNext() {
    return false;
  }

  private static final class AsItIs extends Upsampler {
    AsItIs(SampleRows source) {
      super(source, source.samples);
    }

    @Override
    void read(int y) {
      offset = source.offset(y);
    }
  }

  private static final class Repeated extends Upsampler {
    private final int width;
    private final int across;
    private final int down;

    Repeated(SampleRows source, byte[] row, int width, int across, int down) {
      super(source, row);
      this.width = width;
      this.across = across;
      this.down = down;
    }

    @Override
    void read(int y) {
      int from = source.offset(y / down);
      int t = 0;
      for (int x = 0; x < width; x++) {
        byte sample = source.samples[from + x];
        for (int i = 0; i < across; i++) {
          row[t++] = sample;
        }
      }
    }
  }

  private static final class TwiceAsWide extends Upsampler {
    private final int width;

    TwiceAsWide(SampleRows source, byte[] row, int width) {
      super(source, row);
      this.width = width;
    }

    @Override
    void read(int y) {
      byte[] in = source.samples;
      int from = source.offset(y);
      int left = in[from] & 0xFF;
      int middle = left;
      row[0] = (byte) middle;
      int right = in[from + 1] & 0xFF;
      row[1] = (byte) ((3 * middle + right + 2) >> 2);
      for (int x = 1; x < width - 1; x++) {
        left = middle;
        middle = right;
        right = in[from + x + 1] & 0xFF;
        row[2 * x] = (byte) ((3 * middle + left + 1) >> 2);
        row[2 * x + 1] = (byte) ((3 * middle + right + 2) >> 2);
      }
      row[2 * width - 2] = (byte) ((3 * right + middle + 1) >> 2);
      row[2 * width - 1] = (byte) right;
    }
  }

  private static final class TwiceAsHigh extends Upsampler {
    private final int width;

    TwiceAsHigh(SampleRows source, byte[] row, int width) {
      super(source, row);
      this.width = width;
    }

    @Override
    void read(int y) {
      byte[] in = source.samples;
      int near = source.offset(y >> 1);
      boolean upper = (y & 1) == 0;
      int far = source.nearest((y >> 1) + (upper ? -1 : 1));
      int half = upper ? 1 : 2;
      for (int x = 0; x < width; x++) {
        row[x] = (byte) ((3 * (in[near + x] & 0xFF) + (in[far + x] & 0xFF) + half) >> 2);
      }
    }

    @Override
    boolean needsNext() {
      return true;
    }
  }

  private static final class TwiceAsWideAndHigh extends Upsampler {
    private final int width;

    TwiceAsWideAndHigh(SampleRows source, byte[] row, int width) {
      super(source, row);
      this.width = width;
    }

    @Override
    void read(int y) {
      byte[] in = source.samples;
      int near = source.offset(y >> 1);
      int far = source.nearest((y >> 1) + ((y & 1) == 0 ? -1 : 1));
      int left;
      int middle = 3 * (in[near] & 0xFF) + (in[far] & 0xFF);
      int right = 3 * (in[near + 1] & 0xFF) + (in[far + 1] & 0xFF);
      row[0] = (byte) ((4 * middle + 8) >> 4);
      row[1] = (byte) ((3 * middle + right + 7) >> 4);
      for (int x = 1; x < width - 1; x++) {
        left = middle;
        middle = right;
        right = 3 * (in[near + x + 1] & 0xFF) + (in[far + x + 1] & 0xFF);
        row[2 * x] = (byte) ((3 * middle + left + 8) >> 4);
        row[2 * x + 1] = (byte) ((3 * middle + right + 7) >> 4);
      }
      row[2 * width - 2] = (byte) ((3 * right + middle + 8) >> 4);
      row[2 * width - 1] = (byte) ((4 * right + 7) >> 4);
    }

    @Override
    boolean needsNext() {
      return true;
    }
  }
}
