package io.github.blip2j.vision;

import java.io.EOFException;
import java.nio.charset.StandardCharsets;

/** A position in a file held in memory; reading past the end says so instead of overrunning. */
final class ByteReader {
  private final byte[] file;
  private int position;

  ByteReader(byte[] file, int position) {
    this.file = file;
    this.position = position;
  }

  int position() {
    return position;
  }

  boolean atEnd() {
    return position >= file.length;
  }

  void skip(long bytes) throws EOFException {
    require(bytes);
    position += (int) bytes;
  }

  /** Checks that {@code bytes} more follow. */
  void require(long bytes) throws EOFException {
    if (bytes > file.length - position) {
      throw new EOFException();
    }
  }

  /** The next byte, unsigned. */
  int u8() throws EOFException {
    require(1);
    return file[position++] & 0xFF;
  }

  /** The next two bytes, unsigned, most significant first. */
  int u16() throws EOFException {
    return (u8() << 8) | u8();
  }

  /** The next two bytes, unsigned, least significant first. */
  int u16Little() throws EOFException {
    return u8() | (u8() << 8);
  }

  /** The next four bytes, most significant first. */
  int i32() throws EOFException {
    return (u16() << 16) | u16();
  }

  /** The next four bytes, least significant first. */
  int i32Little() throws EOFException {
    return u16Little() | (u16Little() << 16);
  }

  /** The next {@code length} bytes as Latin-1 text. */
  String text(int length) throws EOFException {
    require(length);
    position += length;
    return new String(file, position - length, length, StandardCharsets.ISO_8859_1);
  }
}
