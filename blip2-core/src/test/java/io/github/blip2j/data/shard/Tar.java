package io.github.blip2j.data.shard;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes tar files by the rules of POSIX ustar, as an oracle for their reader. */
public final class Tar {
  private static final int BLOCK = 512;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a file. */
  public Tar add(String name, String text) {
    return add(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a file. */
  public Tar add(String name, byte[] content) {
    return member(name, content, '0');
  }

  /** Adds a folder. */
  public Tar folder(String name) {
    return member(name, new byte[0], '5');
  }

  /** Adds a symbolic link, to nothing. */
  public Tar link(String name) {
    return member(name, new byte[0], '2');
  }

  private Tar member(String name, byte[] content, char type) {
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, "0000644\0");
    put(header, 108, "0000000\0");
    put(header, 116, "0000000\0");
    put(header, 124, octal(content.length, 11) + " ");
    put(header, 136, octal(0, 11) + " ");
    put(header, 148, "        ");
    header[156] = (byte) type;
    put(header, 257, "ustar\00000");
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xFF;
    }
    put(header, 148, octal(sum, 6) + "\0 ");
    bytes.writeBytes(header);
    bytes.writeBytes(content);
    bytes.writeBytes(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    return this;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] encoded = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(encoded, 0, header, at, encoded.length);
  }

  private static String octal(long value, int digits) {
    String text = Long.toOctalString(value);
    return "0".repeat(digits - text.length()) + text;
  }

  /** The archive with its end, padded as GNU tar and Python pad it. */
  public byte[] toByteArray() {
    int length = (bytes.size() + 2 * BLOCK + 10239) / 10240 * 10240;
    return Arrays.copyOf(bytes.toByteArray(), length);
  }

  /** Writes the archive. */
  public Path write(Path file) throws IOException {
    return Files.write(file, toByteArray());
  }
}
