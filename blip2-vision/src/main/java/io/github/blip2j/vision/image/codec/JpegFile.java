package io.github.blip2j.vision.image.codec;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;

/**
 * A JPEG file taken apart into its segments (ITU-T T.81, annex B).
 *
 * <p>The JDK's decoder is handed the frame and its scans only. Colour profiles, which it would
 * apply and Pillow does not, and metadata, which it may choke on, never reach it; the rules that
 * decide the colour space are those of libjpeg, {@link JpegColors}. Decoded this way, CMYK files
 * and files with profiles come out equal to Pillow's too.
 */
public final class JpegFile implements EncodedImage {
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COM = 0xFE;
  private static final int PRECISION = 8;

  private final byte[] file;
  private final ByteReader reader;
  private final ByteArrayOutputStream frameAndScans = new ByteArrayOutputStream();
  private int width;
  private int height;
  private int[] componentIds = {};
  private boolean jfif;
  private int adobeTransform = JpegColors.NO_ADOBE_SEGMENT;
  private int orientation = ImageHeader.UPRIGHT;

  private JpegFile(byte[] file) {
    this.file = file;
    this.reader = new ByteReader(file, 2);
  }

  /** Reads the segments of {@code file}. */
  public static JpegFile parse(byte[] file) throws IOException {
    var jpeg = new JpegFile(file);
    jpeg.frameAndScans.write(file, 0, 2);
    int marker = jpeg.nextMarker();
    while (marker != EOI) {
      jpeg.readSegment(marker);
      marker = jpeg.nextMarker();
    }
    if (jpeg.componentIds.length == 0) {
      throw new IOException("no frame");
    }
    jpeg.frameAndScans.write(0xFF);
    jpeg.frameAndScans.write(EOI);
    return jpeg;
  }

  @Override
  public ImageHeader header() throws IOException {
    return ImageHeader.of(width, height, orientation);
  }

  @Override
  public byte[] decode() throws IOException {
    JpegColors colors = JpegColors.of(componentIds, jfif, adobeTransform);
    return colors.toRgb(JdkDecoder.raster("jpeg", frameAndScans.toByteArray()));
  }

  /**
   * The components of each pixel in turn as the file stores them, before any conversion of colours.
   *
   * @throws EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  public byte[] components() throws IOException {
    Raster raster = JdkDecoder.raster("jpeg", frameAndScans.toByteArray());
    int bands = raster.getNumBands();
    long size = (long) raster.getWidth() * raster.getHeight() * bands;
    if (bands != componentIds.length || size > Integer.MAX_VALUE - 8) {
      throw new IOException(bands + " components of " + size + " samples in all");
    }
    byte[] samples = new byte[(int) size];
    byte[] row = new byte[raster.getWidth() * bands];
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getDataElements(0, y, raster.getWidth(), 1, row);
      System.arraycopy(row, 0, samples, y * row.length, row.length);
    }
    return samples;
  }

  /** Skips to the next marker, over stray bytes and padding as libjpeg does. */
  private int nextMarker() throws EOFException {
    int previous = 0;
    int current = reader.u8();
    while (previous != 0xFF || current == 0xFF || current == 0) {
      previous = current;
      current = reader.u8();
    }
    return current;
  }

  private void readSegment(int marker) throws IOException {
    if (marker == SOI || isRestart(marker) || marker == 1) {
      return; // these have no length
    }
    int start = reader.position();
    int length = reader.u16() - 2;
    if (length < 0) {
      throw new IOException("segment of negative length");
    }
    reader.require(length);
    int data = reader.position();
    switch (marker) {
      case APP0 -> jfif |= length >= 12 && reader.text(5).equals("JFIF\0");
      case APP1 -> readExif(data, length);
      case APP14 -> readAdobe(length);
      default -> {
        if (isFrame(marker)) {
          readFrame(marker);
        }
      }
    }
    int end = marker == SOS ? endOfScan(data + length) : data + length;
    if ((marker < APP0 || marker > APP15) && marker != COM) {
      frameAndScans.write(0xFF);
      frameAndScans.write(marker);
      frameAndScans.write(file, start, end - start);
    }
    reader.skip(end - reader.position());
  }

  private static boolean isRestart(int marker) {
    return marker >= 0xD0 && marker <= 0xD7;
  }

  /** Start-of-frame markers lie between C0 and CF, among three others. */
  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  /** Coded data ends before the first marker that is neither a stuffed zero nor a restart. */
  private int endOfScan(int from) throws EOFException {
    for (int i = from; i + 1 < file.length; i++) {
      int next = file[i + 1] & 0xFF;
      if (file[i] == (byte) 0xFF && next != 0 && next != 0xFF && !isRestart(next)) {
        return i;
      }
    }
    throw new EOFException();
  }

  private void readFrame(int marker) throws IOException {
    if (marker > 0xC2) {
      throw new IOException("lossless, hierarchical and arithmetic coding are not supported");
    }
    if (componentIds.length > 0) {
      throw new IOException("two frames"); // one of which would slip past the limit of pixels
    }
    int precision = reader.u8();
    if (precision != PRECISION) {
      throw new IOException("samples of " + precision + " bits are not supported");
    }
    height = reader.u16();
    width = reader.u16();
    componentIds = new int[reader.u8()];
    for (int i = 0; i < componentIds.length; i++) {
      componentIds[i] = reader.u8();
      reader.skip(2);
    }
  }

  private void readExif(int data, int length) throws EOFException {
    if (length > 6 && reader.text(6).equals("Exif\0\0")) {
      orientation = Exif.orientation(file, data + 6, data + length);
    }
  }

  private void readAdobe(int length) throws EOFException {
    if (length >= 12 && reader.text(5).equals("Adobe")) {
      reader.skip(6);
      adobeTransform = reader.u8();
    }
  }
}
