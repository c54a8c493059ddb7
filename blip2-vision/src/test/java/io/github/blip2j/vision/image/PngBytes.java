package io.github.blip2j.vision.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Alters PNG files so that their checksums still hold. */
final class PngBytes {
  private static final int SIGNATURE_AND_HEADER = 33;

  private PngBytes() {}

  static byte[] withHeight(byte[] png, int height) {
    byte[] changed = png.clone();
    ByteBuffer.wrap(changed).putInt(20, height);
    var crc = new CRC32();
    crc.update(changed, 12, 17);
    ByteBuffer.wrap(changed).putInt(29, (int) crc.getValue());
    return changed;
  }

  /** The file with one more chunk after its header. */
  static byte[] withChunk(byte[] png, String type, byte[] data) {
    byte[] chunk = new byte[data.length + 12];
    ByteBuffer buffer = ByteBuffer.wrap(chunk).putInt(data.length);
    buffer.put(type.getBytes(StandardCharsets.ISO_8859_1));
    buffer.put(data);
    var crc = new CRC32();
    crc.update(chunk, 4, data.length + 4);
    buffer.putInt((int) crc.getValue());
    var changed = new ByteArrayOutputStream();
    changed.write(png, 0, SIGNATURE_AND_HEADER);
    changed.writeBytes(chunk);
    changed.write(png, SIGNATURE_AND_HEADER, png.length - SIGNATURE_AND_HEADER);
    return changed.toByteArray();
  }
}
