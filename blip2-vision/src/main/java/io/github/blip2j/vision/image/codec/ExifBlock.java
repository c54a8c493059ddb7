package io.github.blip2j.vision.image.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Directories of tags as TIFF has them (TIFF 6.0, section 2), in a file or in a part of one. */
final class ExifBlock {
  /** The type of unsigned numbers of 16 bits. */
  static final int SHORT = 3;

  /** For a tag whose type does not matter. */
  static final int ANY = -1;

  private static final int HEADER_BYTES = 8;
  private static final int ENTRY_BYTES = 12;

  private final ByteBuffer tiff;

  private ExifBlock(ByteBuffer tiff) {
    this.tiff = tiff;
  }

  /** The block at {@code from}, or null if it is too short to be one. */
  static @Nullable ExifBlock of(byte[] file, int from, int to) {
    if (to - from < HEADER_BYTES) {
      return null;
    }
    ByteBuffer tiff = ByteBuffer.wrap(file, from, to - from).slice();
    return new ExifBlock(
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN));
  }

  /** Where the first directory is; perhaps outside the block. */
  int firstDirectory() {
    return tiff.getInt(4);
  }

  /**
   * The place of the first entry of a tag and type in a directory, or -1.
   *
   * @param directory anywhere, also outside the block
   */
  int find(int directory, int tag, int type) {
    if (directory < 0 || directory > tiff.limit() - 2) {
      return -1;
    }
    int entries = Short.toUnsignedInt(tiff.getShort(directory));
    int at = directory + 2;
    for (int i = 0; i < entries && at <= tiff.limit() - ENTRY_BYTES; i++, at += ENTRY_BYTES) {
      if (Short.toUnsignedInt(tiff.getShort(at)) == tag
          && (type == ANY || tiff.getShort(at + 2) == type)) {
        return at;
      }
    }
    return -1;
  }

  /** The value of an entry that is a number of 16 bits. */
  int shortValue(int entry) {
    return Short.toUnsignedInt(tiff.getShort(entry + 8));
  }

  /** The value of an entry that is a number of 32 bits, or the place of its value. */
  int intValue(int entry) {
    return tiff.getInt(entry + 8);
  }

  /** Bytes of the block; none if not all of them are in it. */
  byte[] bytes(int at, int count) {
    if (at < 0 || at > tiff.limit() - count) {
      return new byte[0];
    }
    byte[] bytes = new byte[count];
    tiff.get(at, bytes);
    return bytes;
  }
}
