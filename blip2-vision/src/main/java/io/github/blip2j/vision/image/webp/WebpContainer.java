package io.github.blip2j.vision.image.webp;

import io.github.blip2j.vision.image.codec.Exif;
import io.github.blip2j.vision.image.codec.ImageHeader;
import io.github.blip2j.vision.image.webp.container.Chunk;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a WebP file (RFC 9649, section 2): the size of its canvas, and its first frame. As
 * in libwebp, all chunks are checked: a file with a broken later frame is rejected as a whole.
 */
final class WebpContainer {
  private static final int RIFF_HEADER = 12;
  private static final int LEAST_VP8X = 10;
  private static final int LEAST_ANIM = 6;
  private static final int ANMF_HEADER = 16;

  // Flags of a VP8X chunk.
  private static final int ANIMATION = 0x02;
  private static final int EXIF = 0x08;
  private static final int ALPHA = 0x10;
  private static final int UNKNOWN = ~0x3E;

  private final byte[] file;
  private final int end;
  private int position = RIFF_HEADER;
  private int flags;
  private int width;
  private int height;
  private int orientation = ImageHeader.UPRIGHT;
  private @Nullable Frame first;
  private boolean hasAnimationHeader;
  private boolean hasExif;

  private WebpContainer(byte[] file, int end) {
    this.file = file;
    this.end = end;
  }

  /**
   * Reads the chunks of {@code file}, which begins with a RIFF header of type WEBP.
   *
   * @throws EOFException if it is shorter than it says
   * @throws IOException if libwebp rejects it, with the reason alone as its message
   */
  static WebpContainer parse(byte[] file) throws IOException {
    if (file.length < RIFF_HEADER + Chunk.HEADER) {
      throw new EOFException();
    }
    long end = Chunk.HEADER + Chunk.u32(file, 4);
    if (end > file.length) {
      throw new EOFException();
    }
    // Data after the RIFF chunk are no part of the image.
    var container = new WebpContainer(file, (int) end);
    container.readChunks();
    return container;
  }

  /** Size and orientation of the canvas. */
  ImageHeader header() throws IOException {
    return ImageHeader.of(width, height, orientation);
  }

  /** The first frame. */
  Frame firstFrame() throws IOException {
    if (first == null) {
      throw new IOException("no frame");
    }
    return first;
  }

  private void readChunks() throws IOException {
    Chunk chunk = next();
    switch (chunk.name()) {
      case Chunk.LOSSY, Chunk.LOSSLESS -> {
        // Anything after the only image is ignored.
        Frame frame = Frame.read(file, position, end).withoutAlpha();
        width = frame.width();
        height = frame.height();
        first = frame;
      }
      case Chunk.EXTENDED -> {
        readExtendedHeader(chunk);
        while (position < end) {
          readExtended(next());
        }
        firstFrame();
      }
      default -> throw new IOException("no VP8, VP8L or VP8X chunk");
    }
  }

  /** The chunk at the position, which stays. */
  private Chunk next() throws IOException {
    return Chunk.read(file, position, end);
  }

  private void readExtendedHeader(Chunk chunk) throws IOException {
    if (chunk.size() != LEAST_VP8X) {
      throw new IOException(String.format(Locale.ROOT, "a VP8X chunk of %d bytes", chunk.size()));
    }
    flags = file[chunk.start()] & 0xFF;
    width = 1 + Chunk.u24(file, chunk.start() + 4);
    height = 1 + Chunk.u24(file, chunk.start() + 7);
    if ((flags & UNKNOWN) != 0) {
      throw new IOException("unknown flags in chunk VP8X");
    }
    requireArea(width, height);
    position = chunk.end();
  }

  private static void requireArea(int width, int height) throws IOException {
    if ((long) width * height > 0xFFFF_FFFFL) {
      throw new IOException("more than 2^32 pixels");
    }
  }

  private void readExtended(Chunk chunk) throws IOException {
    switch (chunk.name()) {
      case Chunk.ALPHA, Chunk.LOSSY, Chunk.LOSSLESS -> readStill();
      case Chunk.ANIMATION -> {
        if (chunk.end() - chunk.start() < LEAST_ANIM) {
          throw new IOException("a short ANIM chunk");
        }
        hasAnimationHeader = true;
        position = chunk.end();
      }
      case Chunk.FRAME -> readAnimationFrame(chunk);
      case Chunk.EXTENDED -> throw new IOException("two VP8X chunks");
      case Chunk.EXIF -> {
        if ((flags & EXIF) != 0 && !hasExif) {
          orientation = Exif.orientation(file, tiffStart(chunk), chunk.start() + chunk.size());
          hasExif = true;
        }
        position = chunk.end();
      }
      default -> position = chunk.end(); // profiles and unknown chunks
    }
  }

  private void readStill() throws IOException {
    if (hasAnimationHeader || (flags & ANIMATION) != 0) {
      throw new IOException("an image outside the frames of an animation");
    }
    if (first != null) {
      throw new IOException("two images without an animation");
    }
    Frame frame = Frame.read(file, position, end);
    position = frame.next();
    first = (flags & ALPHA) != 0 ? frame.inOrder() : frame.withoutAlpha();
    if (frame.width() != width || frame.height() != height) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "an image of %dx%d on a canvas of %dx%d",
              frame.width(),
              frame.height(),
              width,
              height));
    }
  }

  private void readAnimationFrame(Chunk chunk) throws IOException {
    if (!hasAnimationHeader) {
      throw new IOException("a frame before chunk ANIM");
    }
    if (chunk.end() - chunk.start() < ANMF_HEADER) {
      throw new IOException("a short ANMF chunk");
    }
    int at = chunk.start();
    int x = 2 * Chunk.u24(file, at);
    int y = 2 * Chunk.u24(file, at + 3);
    // Only the area of this size is checked: the frame states its own size.
    requireArea(1 + Chunk.u24(file, at + 6), 1 + Chunk.u24(file, at + 9));
    position = at + ANMF_HEADER;
    if (!Frame.begins(next())) {
      return; // an empty frame is skipped
    }
    Frame frame = Frame.read(file, position, end).at(x, y);
    if (frame.next() > chunk.end()) {
      throw new IOException("a frame larger than its ANMF chunk");
    }
    position = frame.next();
    if ((flags & ANIMATION) == 0) {
      return;
    }
    frame.inOrder();
    if (x + frame.width() > width || y + frame.height() > height) {
      throw new IOException("a frame beyond the canvas");
    }
    if (first == null) {
      first = frame;
    }
  }

  /** The start of the TIFF block in a chunk: some writers put JPEG's header before it. */
  private int tiffStart(Chunk chunk) {
    String jpegs = "Exif\0\0";
    int start = chunk.start();
    for (int i = 0; i < jpegs.length(); i++) {
      if (chunk.size() < jpegs.length() || file[start + i] != jpegs.charAt(i)) {
        return start;
      }
    }
    return start + jpegs.length();
  }
}
