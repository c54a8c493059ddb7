package io.github.blip2j.vision.image.codec;

import java.io.IOException;

/**
 * A PNG file (PNG specification, third edition), by Pillow's rules: the chunks before the pixels
 * must be intact, gamma and profiles are ignored, alpha is dropped, and of an animation the first
 * frame is shown.
 */
public final class PngFile implements EncodedImage {
  /** The first eight bytes, read as Latin-1. */
  public static final String SIGNATURE = PngChunks.SIGNATURE;

  private final byte[] file;
  private final PngHeader header;
  private final PngChunks chunks;

  private PngFile(byte[] file) {
    this.file = file;
    this.header = new PngHeader(file);
    this.chunks = new PngChunks(file);
  }

  /** Reads the chunks of {@code file} up to its pixels. */
  public static PngFile parse(byte[] file) throws IOException {
    var png = new PngFile(file);
    png.readHeader();
    png.readLateExif();
    return png;
  }

  @Override
  public ImageHeader header() throws IOException {
    return header.size();
  }

  @Override
  public byte[] decode() throws IOException {
    try (var pixels = new PngPixels(file, header, chunks.copy())) {
      byte[] samples = new PngRows(header, pixels).read();
      pixels.checkRest();
      return samples;
    }
  }

  private void readHeader() throws IOException {
    chunks.next();
    while (!startsPixels()) {
      if (chunks.type().equals("IEND")) {
        throw new IOException("no pixels");
      }
      header.read(chunks);
      chunks.requireIntact();
      chunks.next();
    }
  }

  private boolean startsPixels() throws IOException {
    if (chunks.type().equals("fdAT")) {
      header.readFrameNumber(chunks);
      return true;
    }
    return chunks.type().equals("IDAT") && header.isKnown();
  }

  /** Reads the EXIF data after the pixels. */
  private void readLateExif() {
    PngChunks rest = chunks.copy();
    try {
      while (!rest.type().equals("IEND")) {
        if (rest.type().equals("eXIf")) {
          header.readExif(rest);
        }
        rest.skip(rest.length());
        rest.skipChecksum();
        rest.next();
      }
    } catch (IOException e) {
      return; // faults after this are found when it is read
    }
  }
}
