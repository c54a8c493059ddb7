package io.github.blip2j.vision.image.webp;

import io.github.blip2j.golden.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes WebP files apart and puts chunks together. */
final class WebpBytes {
  private WebpBytes() {}

  static byte[] fixture(String name) throws IOException {
    return Files.readAllBytes(Fixtures.own("webp").resolve(name + ".webp"));
  }

  /** The chunks of a file, headers included. */
  static List<byte[]> chunks(byte[] file) {
    List<byte[]> chunks = new ArrayList<>();
    for (int at = 12; at < file.length; ) {
      int size = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(at + 4);
      int end = at + 8 + size + size % 2;
      chunks.add(Arrays.copyOfRange(file, at, end));
      at = end;
    }
    return chunks;
  }

  static byte[] chunk(String name, int... data) {
    ByteBuffer chunk = ByteBuffer.allocate(8 + data.length + data.length % 2);
    chunk.order(ByteOrder.LITTLE_ENDIAN).put(latin(name)).putInt(data.length);
    for (int value : data) {
      chunk.put((byte) value);
    }
    return chunk.array();
  }

  /** A VP8X chunk of a canvas of up to 256 pixels in each direction. */
  static byte[] extended(int flags, int width, int height) {
    return chunk("VP8X", flags, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0);
  }

  /** The chunk with its stated size changed, but not its data. */
  static byte[] stating(int size, byte[] chunk) {
    byte[] changed = chunk.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(4, size);
    return changed;
  }

  static byte[] file(byte[]... chunks) {
    var body = new ByteArrayOutputStream();
    body.writeBytes(latin("WEBP"));
    for (byte[] chunk : chunks) {
      body.writeBytes(chunk);
    }
    ByteBuffer file = ByteBuffer.allocate(8 + body.size()).order(ByteOrder.LITTLE_ENDIAN);
    return file.put(latin("RIFF")).putInt(body.size()).put(body.toByteArray()).array();
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
