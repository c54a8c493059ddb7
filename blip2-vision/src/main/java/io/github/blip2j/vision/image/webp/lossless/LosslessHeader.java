package io.github.blip2j.vision.image.webp.lossless;

import io.github.blip2j.vision.image.webp.container.Chunk;
import java.io.IOException;

/** The header of a VP8L image (RFC 9649, section 3.4): its size in pixels. */
public record LosslessHeader(int width, int height) {
  /** Bytes before the coded image. */
  static final int BYTES = 5;

  private static final int SIGNATURE = 0x2F;
  private static final int SIZE_BITS = 14;

  /** Reads the header at {@code start} of a chunk up to {@code end}. */
  public static LosslessHeader read(byte[] file, int start, int end) throws IOException {
    if (end - start < BYTES || file[start] != SIGNATURE) {
      throw new IOException("no VP8L signature");
    }
    long bits = Chunk.u32(file, start + 1);
    if (bits >> (2 * SIZE_BITS + 1) != 0) {
      throw new IOException("unknown VP8L version");
    }
    int mask = (1 << SIZE_BITS) - 1;
    return new LosslessHeader(1 + (int) (bits & mask), 1 + (int) (bits >> SIZE_BITS & mask));
  }
}
