package io.github.blip2j.vision.image.webp;

import io.github.blip2j.vision.image.webp.container.Chunk;
import io.github.blip2j.vision.image.webp.lossless.LosslessHeader;
import io.github.blip2j.vision.image.webp.lossy.LossyHeader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of one frame.
 *
 * @param x of its left edge on the canvas
 * @param y of its top edge on the canvas
 * @param image its VP8 or VP8L chunk
 * @param alpha its ALPH chunk, if it has one
 * @param next the position of the chunk after them
 */
record Frame(int x, int y, int width, int height, Chunk image, @Nullable Chunk alpha, int next) {

  /** Whether a frame begins with {@code chunk}. */
  static boolean begins(Chunk chunk) {
    return switch (chunk.name()) {
      case Chunk.ALPHA, Chunk.LOSSY, Chunk.LOSSLESS -> true;
      default -> false;
    };
  }

  /**
   * Reads the chunks at {@code at}: a VP8 or VP8L chunk, and possibly an ALPH chunk beside it. The
   * header of the chunk after them is checked too.
   *
   * @throws IOException if there is no image or its header is broken
   */
  static Frame read(byte[] file, int at, int end) throws IOException {
    Chunk image = null;
    Chunk alpha = null;
    int next = at;
    while (next < end) {
      Chunk chunk = Chunk.read(file, next, end);
      boolean lossless = chunk.name().equals(Chunk.LOSSLESS);
      if (lossless && alpha != null) {
        throw new IOException("an ALPH chunk for a VP8L image");
      }
      if (chunk.name().equals(Chunk.ALPHA) && alpha == null) {
        alpha = chunk;
      } else if ((lossless || chunk.name().equals(Chunk.LOSSY)) && image == null) {
        image = chunk;
      } else {
        break;
      }
      next = chunk.end();
    }
    if (image == null) {
      throw new IOException("a frame without an image");
    }
    return read(file, image, alpha, next);
  }

  private static Frame read(byte[] file, Chunk image, @Nullable Chunk alpha, int next)
      throws IOException {
    int start = image.start();
    if (image.name().equals(Chunk.LOSSLESS)) {
      LosslessHeader header = LosslessHeader.read(file, start, image.end());
      return new Frame(0, 0, header.width(), header.height(), image, alpha, next);
    }
    if (image.end() - start < LossyHeader.BYTES) {
      throw new IOException("a short VP8 chunk");
    }
    LossyHeader.check(file, start, image.size());
    int width = LossyHeader.width(file, start);
    int height = LossyHeader.height(file, start);
    return new Frame(0, 0, width, height, image, alpha, next);
  }

  /** This frame at another position of the canvas. */
  Frame at(int newX, int newY) {
    return new Frame(newX, newY, width, height, image, alpha, next);
  }

  /** This frame, which the file states to be opaque. */
  Frame withoutAlpha() {
    return new Frame(x, y, width, height, image, null, next);
  }

  /**
   * This frame.
   *
   * @throws IOException if its alpha follows the image
   */
  Frame inOrder() throws IOException {
    if (alpha != null && alpha.start() > image.start()) {
      throw new IOException("an ALPH chunk after its image");
    }
    return this;
  }

  boolean isLossless() {
    return image.name().equals(Chunk.LOSSLESS);
  }
}
