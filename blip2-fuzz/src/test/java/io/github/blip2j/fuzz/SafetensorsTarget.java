package io.github.blip2j.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** safetensors files; an input that begins with a brace is the header, then a zero, then data. */
public final class SafetensorsTarget {
  private static final Path FILE = Scratch.folder("safetensors").resolve("m.safetensors");

  private SafetensorsTarget() {}

  /** Opens one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    TensorFiles.read(FILE, withLength(data));
  }

  /** The file whose header and data these are: no mutation keeps a length right. */
  public static byte[] withLength(byte[] data) {
    if (data.length < 2 || data[0] != '{') {
      return data;
    }
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    int rest = Math.max(0, data.length - end - 1);
    ByteBuffer file = ByteBuffer.allocate(8 + end + rest).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(end).put(data, 0, end);
    if (rest > 0) {
      file.put(data, end + 1, rest);
    }
    return file.array();
  }
}
