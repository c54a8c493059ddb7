package io.github.blip2j.vision.image.webp.container;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A chunk of a RIFF file (RFC 9649, section 2.3).
 *
 * @param name its four letters
 * @param start position of its data
 * @param size bytes of data, as stated
 */
public record Chunk(String name, int start, int size) {
  /** Bytes before the data: the name and the size. */
  public static final int HEADER = 8;

  public static final String LOSSY = "VP8 ";
  public static final String LOSSLESS = "VP8L";
  public static final String EXTENDED = "VP8X";
  public static final String ALPHA = "ALPH";
  public static final String ANIMATION = "ANIM";
  public static final String FRAME = "ANMF";
  public static final String EXIF = "EXIF";

  private static final int NAME = 4;

  /** Reads the header at {@code at} of a chunk that must end at {@code end} or before. */
  public static Chunk read(byte[] file, int at, int end) throws IOException {
    if (end - at < HEADER) {
      throw new IOException("bytes that are no chunk");
    }
    String name = new String(file, at, NAME, StandardCharsets.ISO_8859_1);
    long size = u32(file, at + NAME);
    if (size + (size & 1) > end - at - HEADER) {
      throw new IOException("a chunk larger than the file");
    }
    return new Chunk(name, at + HEADER, (int) size);
  }

  /** The position of the next chunk; data of odd size are padded. */
  public int end() {
    return start + size + (size & 1);
  }

  public static long u32(byte[] file, int at) {
    return u24(file, at) | (file[at + 3] & 0xFFL) << 24;
  }

  public static int u24(byte[] file, int at) {
    return (file[at] & 0xFF) | (file[at + 1] & 0xFF) << 8 | (file[at + 2] & 0xFF) << 16;
  }
}
