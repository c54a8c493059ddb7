package io.github.blip2j.vision.image.codec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.CRC32;

/**
 * A PNG file taken apart into its chunks (PNG specification, third edition, section 5).
 *
 * <p>The JDK's decoder is handed the header, palette and pixels only: text, profiles and times do
 * not change what Pillow decodes, and damaged ones make the JDK's reader fail.
 */
public final class PngFile implements EncodedImage {
  /** The first eight bytes, read as Latin-1. */
  public static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int LENGTH_TYPE_AND_CRC = 12;
  private static final byte[] END = {0, 0, 0, 0, 'I', 'E', 'N', 'D', -82, 66, 96, -126};

  private final byte[] file;
  private final ByteArrayOutputStream essentials = new ByteArrayOutputStream();
  private int width;
  private int height;
  private int orientation = ImageHeader.UPRIGHT;
  private boolean hasPixels;

  private PngFile(byte[] file) {
    this.file = file;
  }

  /** Reads the chunks of {@code file}. */
  public static PngFile parse(byte[] file) throws IOException {
    var png = new PngFile(file);
    png.essentials.write(file, 0, SIGNATURE.length());
    var reader = new ByteReader(file, SIGNATURE.length());
    // A file without its last chunk still shows the whole picture, to Pillow too.
    boolean ended = false;
    while (!ended && !(png.hasPixels && reader.atEnd())) {
      ended = png.readChunk(reader);
    }
    png.essentials.write(END);
    return png;
  }

  @Override
  public ImageHeader header() throws IOException {
    return ImageHeader.of(width, height, orientation);
  }

  @Override
  public byte[] decode() throws IOException {
    return RasterReader.rgb(JdkDecoder.image("png", essentials.toByteArray()));
  }

  /** Reads one chunk; returns whether it was the last. */
  private boolean readChunk(ByteReader reader) throws IOException {
    int start = reader.position();
    long length = Integer.toUnsignedLong(reader.i32());
    String type = reader.text(4);
    int data = reader.position();
    reader.skip(length);
    int crc = reader.i32();
    switch (type) {
      case "IHDR" -> {
        requireIntact(start, data, length, crc, type);
        if (width != 0) {
          throw new IOException("two headers"); // one of which would slip past the pixel limit
        }
        var header = new ByteReader(file, data);
        width = header.i32();
        height = header.i32();
      }
      case "PLTE" -> requireIntact(start, data, length, crc, type);
      case "IDAT" -> hasPixels = true; // its checksum is the one inside
      case "eXIf" -> orientation = Exif.orientation(file, data, data + (int) length);
      default -> {
        return type.equals("IEND");
      }
    }
    if (!type.equals("eXIf")) {
      essentials.write(file, start, (int) length + LENGTH_TYPE_AND_CRC);
    }
    return false;
  }

  private void requireIntact(int start, int data, long length, int crc, String type)
      throws IOException {
    var sum = new CRC32();
    sum.update(file, start + 4, data - start - 4 + (int) length);
    if ((int) sum.getValue() != crc) {
      throw new IOException("wrong checksum of chunk " + type);
    }
  }
}
