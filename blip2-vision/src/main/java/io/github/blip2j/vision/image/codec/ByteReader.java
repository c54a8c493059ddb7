package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.nio.charset.StandardCharsets;

/** A position in a file in memory; reading past the end throws an exception. */
public final class ByteReader {
  private final byte[] file;
  private int position;

  public ByteReader(byte[] file, int position) {
    this.file = file;
    this.position = position;
  }

  public int position() {
    return position;
  }

  public boolean atEnd() {
    return position >= file.length;
  }

  public void skip(long bytes) throws EOFException {
    require(bytes);
    position += (int) bytes;
  }

  /** Checks that {@code bytes} more bytes follow. */
  public void require(long bytes) throws EOFException {
    if (bytes > file.length - position) {
      throw new EOFException();
    }
  }

  /** The next byte, unsigned. */
  public int u8() throws EOFException {
    require(1);
    return file[position++] & 0xFF;
  }

  /** The next two bytes, unsigned, most significant first. */
  public int u16() throws EOFException {
    return (u8() << 8) | u8();
  }

  /** The next two bytes, unsigned, least significant first. */
  public int u16Little() throws EOFException {
    return u8() | (u8() << 8);
  }

  /** The next four bytes, most significant first. */
  public int i32() throws EOFException {
    return (u16() << 16) | u16();
  }

  /** The next four bytes, least significant first. */
  public int i32Little() throws EOFException {
    return u16Little() | (u16Little() << 16);
  }

  /** The next {@code length} bytes as Latin-1 text. */
  public String text(int length) throws EOFException {
    require(length);
    position += length;
    return new String(file, position - length, length, StandardCharsets.ISO_8859_1);
  }
}
