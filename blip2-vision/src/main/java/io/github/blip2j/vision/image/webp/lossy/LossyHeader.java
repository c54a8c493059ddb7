package io.github.blip2j.vision.image.webp.lossy;

import java.io.EOFException;
import java.io.IOException;

/**
 * The header of a VP8 key frame (RFC 6386, sections 9.1 to 9.11) and the partitions of its data.
 *
 * @param width of the image in pixels
 * @param height of the image in pixels
 * @param modes decoder of the first partition, which continues with the modes of the macroblocks
 * @param coefficients decoders of the other partitions; rows of macroblocks use them in turn
 * @param skipProbability of a macroblock without coefficients, or -1 if it is not stated
 */
@SuppressWarnings("ArrayRecordComponent")
public // read only, never compared
record LossyHeader(
    int width,
    int height,
    BoolDecoder modes,
    BoolDecoder[] coefficients,
    Segments segments,
    FilterHeader filter,
    Quantizer[] quantizers,
    int[] probabilities,
    int skipProbability) {

  /** The bytes of the uncompressed part of the header. */
  public static final int BYTES = 10;

  private static final int SIZE_BITS = 14;
  private static final int PART_SIZE_BYTES = 3;

  /** The width in the frame header at {@code at}. */
  public static int width(byte[] file, int at) {
    return u16(file, at + 6) & (1 << SIZE_BITS) - 1;
  }

  /** The height in the frame header at {@code at}. */
  public static int height(byte[] file, int at) {
    return u16(file, at + 8) & (1 << SIZE_BITS) - 1;
  }

  /**
   * Checks the uncompressed frame header at {@code at}.
   *
   * @param size bytes that the chunk states
   * @throws IOException if it is not of a visible key frame
   */
  public static void check(byte[] file, int at, long size) throws IOException {
    int bits = u24(file, at);
    if ((bits & 1) != 0) {
      throw new IOException("no key frame");
    }
    if ((bits >> 1 & 7) > 3) {
      throw new IOException("unknown VP8 version");
    }
    if ((bits >> 4 & 1) == 0) {
      throw new IOException("a hidden frame");
    }
    if (u24(file, at + 3) != 0x2A019D) {
      throw new IOException("no VP8 start code");
    }
    if (bits >> 5 >= size) {
      throw new IOException("a partition larger than its chunk");
    }
    if (width(file, at) == 0 || height(file, at) == 0) {
      throw new IOException("no size");
    }
  }

  /**
   * Reads the header at {@code start}, which passed {@link #check}, of a frame up to {@code end}.
   */
  static LossyHeader read(byte[] file, int start, int end) throws IOException {
    int first = start + BYTES;
    int rest = first + (u24(file, start) >> 5);
    if (rest > end) {
      throw new EOFException();
    }
    var header = new BoolDecoder(file, first, rest);
    header.flag(); // colour space: no effect on pixels
    header.flag(); // whether clamping may be omitted, which would change nothing
    Segments segments = Segments.read(header);
    FilterHeader filter = FilterHeader.read(header);
    if (header.isExhausted()) {
      throw new EOFException();
    }
    BoolDecoder[] coefficients = parts(file, rest, end, 1 << header.number(2));
    Quantizer[] quantizers = Quantizer.read(header, segments);
    header.flag(); // whether probabilities are kept for the next frame
    int[] probabilities = probabilities(header);
    int skipProbability = header.flag() ? header.number(Byte.SIZE) : -1;
    return new LossyHeader(
        width(file, start),
        height(file, start),
        header,
        coefficients,
        segments,
        filter,
        quantizers,
        probabilities,
        skipProbability);
  }

  private static BoolDecoder[] parts(byte[] file, int start, int end, int count)
      throws EOFException {
    int sizes = PART_SIZE_BYTES * (count - 1);
    if (sizes >= end - start) {
      throw new EOFException();
    }
    var parts = new BoolDecoder[count];
    int from = start + sizes;
    for (int i = 0; i < count - 1; i++) {
      int to = from + Math.min(u24(file, start + PART_SIZE_BYTES * i), end - from);
      parts[i] = new BoolDecoder(file, from, to);
      from = to;
    }
    if (from == end) {
      throw new EOFException();
    }
    parts[count - 1] = new BoolDecoder(file, from, end);
    return parts;
  }

  private static int[] probabilities(BoolDecoder header) {
    int[] probabilities = DefaultProbabilities.copy();
    for (int i = 0; i < probabilities.length; i++) {
      if (header.bit(UpdateProbabilities.ALL[i]) != 0) {
        probabilities[i] = header.number(Byte.SIZE);
      }
    }
    return probabilities;
  }

  /** The number of macroblocks, of 16x16 pixels, in a row. */
  int columns() {
    return (width + 15) / 16;
  }

  /** The number of rows of macroblocks. */
  int rows() {
    return (height + 15) / 16;
  }

  private static int u16(byte[] file, int at) {
    return (file[at] & 0xFF) | (file[at + 1] & 0xFF) << 8;
  }

  private static int u24(byte[] file, int at) {
    return u16(file, at) | (file[at + 2] & 0xFF) << 16;
  }
}
