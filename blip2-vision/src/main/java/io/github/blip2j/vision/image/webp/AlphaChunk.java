package io.github.blip2j.vision.image.webp;

import io.github.blip2j.vision.image.webp.container.Chunk;
import io.github.blip2j.vision.image.webp.lossless.BitReader;
import io.github.blip2j.vision.image.webp.lossless.LosslessDecoder;
import io.github.blip2j.vision.image.webp.lossless.PixelReader;
import java.io.IOException;

/**
 * The alpha channel of a lossy frame (RFC 9649, section 2.7.1.2). It is decoded for its errors
 * only: libwebp rejects an image with broken alpha, and alpha does not change the colours.
 */
final class AlphaChunk {
  private static final int UNCOMPRESSED = 0;
  private static final int LOSSLESS = 1;

  private AlphaChunk() {}

  /**
   * Checks the alpha of {@code frame}, if it has any.
   *
   * @throws IOException if it cannot be decoded
   */
  static void check(byte[] file, Frame frame) throws IOException {
    Chunk chunk = frame.alpha();
    if (chunk == null) {
      return;
    }
    if (chunk.size() < 2) {
      throw new IOException("a short ALPH chunk");
    }
    int flags = file[chunk.start()];
    int method = flags & 3;
    int preprocessing = flags >> 4 & 3;
    int reserved = flags >> 6 & 3;
    if (method > LOSSLESS || preprocessing > 1 || reserved != 0) {
      throw new IOException("unknown alpha compression");
    }
    if (method == UNCOMPRESSED) {
      if (chunk.size() - 1 < (long) frame.width() * frame.height()) {
        throw new IOException("too little alpha");
      }
    } else {
      readLossless(file, chunk, frame);
    }
  }

  private static void readLossless(byte[] file, Chunk chunk, Frame frame) throws IOException {
    int start = chunk.start();
    var reader = new BitReader(file, start + 1, start + chunk.size());
    var decoder = new LosslessDecoder(reader, frame.width(), frame.height());
    PixelReader pixels = decoder.start();
    int width = decoder.codedWidth();
    if (decoder.isIndexed() && pixels.isGreenOnly()) {
      // libwebp has a special path for this common case, which accepts a truncated last pixel.
      pixels.read(width, frame.height());
    } else {
      pixels.readWhole(width, frame.height());
    }
  }
}
