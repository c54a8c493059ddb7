package io.github.blip2j.vision.image.codec;

import java.io.IOException;

/** A Windows bitmap, decoded by the JDK once its header is known to be harmless. */
public final class BmpFile implements EncodedImage {
  private static final int INFO_HEADER = 14;
  private static final int CORE_HEADER_BYTES = 12;
  private static final int LAST_OWN_COMPRESSION = 3;

  private final byte[] file;
  private final ImageHeader header;

  private BmpFile(byte[] file, ImageHeader header) {
    this.file = file;
    this.header = header;
  }

  /** Reads the headers of {@code file}. */
  public static BmpFile parse(byte[] file) throws IOException {
    var reader = new ByteReader(file, INFO_HEADER);
    if (reader.i32Little() == CORE_HEADER_BYTES) {
      return new BmpFile(file, ImageHeader.upright(reader.u16Little(), reader.u16Little()));
    }
    int width = reader.i32Little();
    int height = reader.i32Little();
    reader.skip(4);
    int compression = reader.i32Little();
    if (compression < 0 || compression > LAST_OWN_COMPRESSION) {
      // A JPEG or PNG file inside; the JDK would hand it to whatever plug-in comes first.
      throw new IOException("compression " + compression + " is not supported");
    }
    // Rows from the top have a negative height.
    return new BmpFile(file, ImageHeader.upright(width, Math.abs(height)));
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public byte[] decode() throws IOException {
    return RasterReader.rgb(JdkDecoder.image("bmp", file));
  }
}
