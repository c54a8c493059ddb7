package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/**
 * Compressed pixels, which Pillow reads through libtiff ({@code libImaging/TiffDecode.c}). A strip
 * or tile that can't be decoded makes the image unreadable.
 */
final class CompressedPixels {
  private static final int PALETTE = 3;

  private final Directory directory;
  private final Compression compression;
  private final PixelLayout layout;
  private final Segments segments;
  private final int samples;
  private final int bits;
  private final long photometric;

  CompressedPixels(
      Directory directory, Compression compression, PixelLayout layout, Segments segments)
      throws IOException {
    this.directory = directory;
    this.compression = compression;
    this.layout = layout;
    this.segments = segments;
    this.samples = (int) directory.number(Tags.SAMPLES_PER_PIXEL, 1L);
    this.bits = bits(directory, samples);
    this.photometric = directory.numberIfAny(Tags.PHOTOMETRIC, 0L);
    directory.integers(Tags.SAMPLE_FORMAT, 64, 1);
    directory.integers(Tags.EXTRA_SAMPLES, 64);
    boolean painted = directory.count(Tags.COLOR_MAP) == 3L << bits;
    if (photometric == PALETTE && bits < 8 && !painted) {
      throw new IOException(
          String.format(Locale.ROOT, "a palette of %d values", directory.count(Tags.COLOR_MAP)));
    }
    if (areYcc() != layout.isYcc()) {
      throw new IOException("two photometric interpretations");
    }
  }

  private static int bits(Directory directory, int samples) throws IOException {
    long[] bits = directory.integers(Tags.BITS_PER_SAMPLE, 64, 1);
    boolean enough = bits.length == 1 || bits.length >= samples;
    for (int i = 1; i < samples && i < bits.length; i++) {
      enough &= bits[i] == bits[0];
    }
    if (!enough || bits[0] < 1 || bits[0] > 64) {
      throw new IOException(String.format(Locale.ROOT, "bits of %d samples", samples));
    }
    return (int) bits[0];
  }

  /** Whether the pixels were YCbCr, and have become red, green and blue. */
  boolean areYcc() {
    return photometric == PixelLayout.YCBCR;
  }

  /** Reads the whole image. */
  Canvas read() throws IOException {
    boolean ycc = areYcc();
    if (ycc && (compression != Compression.JPEG || segments.planar())) {
      return new SubsampledYcc(directory, segments, this).read();
    }
    String mode = ycc ? "RGB" : layout.mode();
    int bands = ycc ? 3 : layout.bands();
    int planes = segments.planar() ? bands : 1;
    boolean premultiplied = planes == 4 && mode.equals("RGBA") && isPremultiplied();
    int channels = ycc ? 3 : premultiplied ? 4 : layout.channels();
    RawMode[] rawModes = new RawMode[planes];
    rawModes[0] = RawMode.of(mode, ycc ? "RGB" : nativeRawMode(), channels);
    requireExpectedSize(rawModes[0].bits(), planes);
    if (planes > 1) {
      if (bits != 8 && bits != 16) {
        throw new IOException(String.format(Locale.ROOT, "colours apart of %d bits", bits));
      }
      for (int plane = 0; plane < planes; plane++) {
        rawModes[plane] = RawMode.plane(plane, channels, bits / 8);
      }
    }
    requireWhole(planes);
    var canvas = new Canvas(segments.width(), segments.height(), channels);
    read(canvas, rawModes);
    if (premultiplied) {
      var divided = new Canvas(segments.width(), segments.height(), 3);
      new Premultiplied(0, 1, 4, 3)
          .unpack(canvas.samples(), 0, divided.samples(), 0, divided.samples().length / 3);
      canvas = divided;
    }
    return canvas;
  }

  /**
   * The raw mode in native byte order, in which libtiff returns numbers; Pillow forgets some of
   * them.
   */
  private String nativeRawMode() {
    String name = layout.rawMode();
    boolean wide = name.equals("I;16") || name.endsWith(";16B") || name.endsWith(";16L");
    return wide ? name.substring(0, name.indexOf(';')) + ";16N" : name;
  }

  /** Whether colours are premultiplied: an alpha without a description counts as such. */
  private boolean isPremultiplied() throws IOException {
    return !directory.has(Tags.EXTRA_SAMPLES) || directory.integer(Tags.EXTRA_SAMPLES, 0) <= 1;
  }

  /** Whether each strip or tile is a JPEG stream. */
  boolean areJpeg() {
    return compression == Compression.JPEG;
  }

  /** The bytes of a row of a strip or tile. */
  int rowBytes() throws IOException {
    long perPixel = segments.planar() ? bits : (long) bits * samples;
    long bytes = (perPixel * segments.segmentWidth() + 7) / 8;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IOException(String.format(Locale.ROOT, "rows of %d bytes", bytes));
    }
    return (int) bytes;
  }

  private int segmentBytes() throws IOException {
    int rows =
        segments.tiled()
            ? segments.segmentHeight()
            : Math.min(segments.segmentHeight(), segments.height());
    long bytes = (long) rowBytes() * rows;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IOException(String.format(Locale.ROOT, "strips or tiles of %d bytes", bytes));
    }
    return (int) bytes;
  }

  /** Checks the sizes that Pillow compares with libtiff's. */
  private void requireExpectedSize(int pixelBits, int planes) throws IOException {
    boolean expected;
    if (segments.tiled()) {
      long column = ((long) segments.segmentHeight() * pixelBits / planes + 7) / 8;
      expected = segmentBytes() <= column * segments.segmentWidth();
    } else {
      long row = ((long) segments.width() * pixelBits / planes + 7) / 8;
      expected = segmentBytes() <= row * segments.segmentHeight() && row <= rowBytes();
    }
    if (!expected) {
      throw new IOException("strips or tiles of unexpected size");
    }
  }

  /** Checks that all bytes are in the file, before memory is allocated for the image. */
  private void requireWhole(int planes) throws IOException {
    for (int plane = 0; plane < planes; plane++) {
      for (int y = 0; y < segments.height(); y += segments.segmentHeight()) {
        for (int x = 0; x < segments.width(); x += segments.segmentWidth()) {
          CodedBytes coded = segments.bytes(segments.index(x, y, plane), segmentBytes());
          long size = (long) rowBytes() * segments.storedRows(y);
          if (size > (coded.length() + 1L) * Decoders.largestRatio(compression)) {
            throw new EOFException();
          }
          if (segments.width() - x <= segments.segmentWidth()) {
            break; // the next one might overflow
          }
        }
        if (segments.height() - y <= segments.segmentHeight()) {
          break;
        }
      }
    }
  }

  private void read(Canvas canvas, RawMode[] rawModes) throws IOException {
    Decoders decoders = decoders();
    byte[] buffer = new byte[segmentBytes()];
    int rowBytes = rowBytes();
    int width = segments.width();
    int height = segments.height();
    for (long top = 0; top < height; top += segments.segmentHeight()) {
      int y = (int) top;
      for (int plane = 0; plane < rawModes.length; plane++) {
        for (long left = 0; left < width; left += segments.segmentWidth()) {
          int x = (int) left;
          decoders.decode(x, y, plane, buffer, rowBytes * segments.storedRows(y));
          int columns = Math.min(segments.segmentWidth(), width - x);
          int rows = Math.min(segments.segmentHeight(), height - y);
          for (int i = 0; i < rows; i++) {
            int to = canvas.index(x, y + i);
            rawModes[plane].unpacker().unpack(buffer, i * rowBytes, canvas.samples(), to, columns);
          }
        }
      }
    }
  }

  /** Decoders of the strips and tiles of this image. */
  Decoders decoders() throws IOException {
    return new Decoders(directory, compression, segments, rowBytes(), bits);
  }
}
