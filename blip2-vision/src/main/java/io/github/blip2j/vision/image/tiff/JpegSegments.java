package io.github.blip2j.vision.image.tiff;

import io.github.blip2j.vision.image.codec.ImageHeader;
import io.github.blip2j.vision.image.jpeg.JpegFile;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/**
 * Strips and tiles that are JPEG streams without tables (TIFF technical note 2). Each is completed
 * to a JPEG file and passed to the JPEG decoder.
 */
final class JpegSegments implements Decompressor {
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP15 = 0xEF;

  private final Segments segments;
  private final byte[] tables;
  private final int samples;
  private final boolean ycc;
  private final int rowBytes;

  JpegSegments(Directory directory, Segments segments, int rowBytes, int bits) throws IOException {
    if (bits != 8) {
      throw new IOException(
          String.format(Locale.ROOT, "JPEG compression of samples of %d bits", bits));
    }
    byte[] stated = directory.bytes(Tags.JPEG_TABLES);
    this.segments = segments;
    this.tables = stated == null ? new byte[0] : stated;
    this.samples = segments.planar() ? 1 : (int) directory.number(Tags.SAMPLES_PER_PIXEL, 1L);
    this.ycc = directory.numberIfAny(Tags.PHOTOMETRIC, 0L) == PixelLayout.YCBCR && samples == 3;
    this.rowBytes = rowBytes;
  }

  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) throws IOException {
    JpegFile jpeg = JpegFile.parse(complete(source));
    ImageHeader header = jpeg.header();
    int rows = size / rowBytes;
    int width = segments.segmentWidth();
    boolean cut = header.width() == width && header.height() > rows && !segments.tiled();
    if (header.width() > width || (header.height() > rows && !cut)) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "a JPEG stream of %dx%d in a strip or tile of %dx%d",
              header.width(),
              header.height(),
              width,
              rows));
    }
    // libtiff converts YCbCr only.
    byte[] pixels = ycc ? jpeg.decode() : jpeg.components();
    int columnBytes = header.width() * samples;
    for (int y = 0; y < Math.min(rows, header.height()); y++) {
      System.arraycopy(pixels, y * columnBytes, target, y * rowBytes, columnBytes);
    }
    return true;
  }

  /** The tables, then the stream, with a segment that states the colour space. */
  private byte[] complete(CodedBytes source) throws IOException {
    var file = new ByteArrayOutputStream(source.length() + tables.length + 32);
    file.write(0xFF);
    file.write(SOI);
    // Adobe's segment, whose last byte is 1 for YCbCr.
    byte[] adobe = {-1, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0};
    adobe[15] = (byte) (ycc ? 1 : 0);
    file.write(adobe);
    copy(new CodedBytes(tables, 0, tables.length), file);
    if (!copy(source, file)) {
      throw new EOFException();
    }
    file.write(0xFF);
    file.write(EOI);
    return file.toByteArray();
  }

  /**
   * Copies the segments before the scans, then the scans as they are; returns whether there are
   * any.
   */
  private boolean copy(CodedBytes source, ByteArrayOutputStream file) throws IOException {
    byte[] bytes = source.bytes();
    int position = source.from();
    int frames = 0;
    while (position + 3 < source.to()) {
      int marker = bytes[position + 1] & 0xFF;
      if (bytes[position] != -1 || marker == 0xFF) {
        position++;
        continue;
      }
      if (marker == SOI || marker == EOI) {
        position += 2;
        continue;
      }
      int length = ((bytes[position + 2] & 0xFF) << 8) | (bytes[position + 3] & 0xFF);
      int end = Math.min(source.to(), position + 2 + length);
      if (marker == SOS) {
        file.write(bytes, position, source.to() - position);
        return true;
      }
      if (isFrame(marker)) {
        frames++;
        requireFrame(bytes, position, end);
      }
      if (marker < APP0 || marker > APP15) {
        file.write(bytes, position, end - position);
      }
      position = end;
    }
    return frames > 0;
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  /** Checks the number of components, and that only YCbCr is subsampled. */
  private void requireFrame(byte[] bytes, int position, int end) throws IOException {
    int components = position + 9 < end ? bytes[position + 9] & 0xFF : 0;
    if (components != samples || position + 10 + 3 * components > end) {
      throw new IOException(
          String.format(
              Locale.ROOT, "a JPEG stream of %d components for %d samples", components, samples));
    }
    for (int i = 0; i < components && !ycc; i++) {
      if (bytes[position + 11 + 3 * i] != 0x11) {
        throw new IOException("a JPEG stream of samples of unlike size");
      }
    }
  }
}
