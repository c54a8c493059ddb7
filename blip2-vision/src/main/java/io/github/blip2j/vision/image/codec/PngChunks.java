package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.io.IOException;
import java.util.zip.CRC32;

/** A cursor over the chunks of a PNG file (PNG specification, third edition, section 5). */
final class PngChunks {
  /** The first eight bytes, read as Latin-1. */
  static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int CHECKSUM = 4;
  private static final int LENGTH_AND_TYPE = 8;

  private final byte[] file;
  private int position = SIGNATURE.length();
  private String type = "";
  private int data;
  private long length;

  PngChunks(byte[] file) {
    this.file = file;
  }

  /** Another cursor at the same position. */
  PngChunks copy() {
    var copy = new PngChunks(file);
    copy.position = position;
    copy.type = type;
    copy.data = data;
    copy.length = length;
    return copy;
  }

  /**
   * Reads the header of the chunk that starts here.
   *
   * @throws EOFException if there is none
   */
  void next() throws IOException {
    var reader = new ByteReader(file, Math.min(position, file.length));
    reader.require(LENGTH_AND_TYPE);
    length = Integer.toUnsignedLong(reader.i32());
    type = reader.text(CHECKSUM);
    data = reader.position();
    position = data;
    for (int i = 0; i < type.length(); i++) {
      if (!isWordCharacter(type.charAt(i))) {
        throw new IOException("no chunk at byte " + (data - LENGTH_AND_TYPE));
      }
    }
  }

  private static boolean isWordCharacter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }

  String type() {
    return type;
  }

  /** The stated length of the data; the file may hold fewer bytes. */
  long length() {
    return length;
  }

  /** The position of the data in the file. */
  int data() {
    return data;
  }

  /** Checks that all data are in the file, and returns their length. */
  int requireData() throws EOFException {
    if (length > file.length - data) {
      throw new EOFException();
    }
    return (int) length;
  }

  /** A reader of the data, from the first byte. */
  ByteReader reader() {
    return new ByteReader(file, data);
  }

  /** Skips bytes, at most to the end of the file. */
  void skip(long bytes) {
    position = (int) Math.min(file.length, position + bytes);
  }

  /** Skips the checksum of a chunk without a check. */
  void skipChecksum() {
    skip(CHECKSUM);
  }

  /** The position of the next byte. */
  int position() {
    return position;
  }

  /** Skips the data, and checks and skips the checksum. */
  void requireIntact() throws IOException {
    position = data + requireData();
    var reader = new ByteReader(file, position);
    var sum = new CRC32();
    sum.update(file, data - CHECKSUM, position - data + CHECKSUM);
    if (reader.i32() != (int) sum.getValue()) {
      throw new IOException("wrong checksum of chunk " + type);
    }
    skipChecksum();
  }
}
