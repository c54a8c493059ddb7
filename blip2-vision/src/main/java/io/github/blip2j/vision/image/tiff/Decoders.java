package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;

/** Turns the bytes of strips and tiles into samples in little-endian order. */
final class Decoders {
  private final Compression compression;
  private final Segments segments;
  private final boolean backwards;
  private final int rowBytes;
  private final Decompressor decompressor;
  private final Predictor predictor;
  private byte[] backwardsFile = {}; // reversed once, for all strips

  Decoders(Directory directory, Compression compression, Segments segments, int rowBytes, int bits)
      throws IOException {
    this.compression = compression;
    this.segments = segments;
    this.rowBytes = rowBytes;
    this.backwards = directory.numberIfAny(Tags.FILL_ORDER, 1L) == 2;
    this.decompressor = decompressor(directory, bits);
    int samples = segments.planar() ? 1 : (int) directory.number(Tags.SAMPLES_PER_PIXEL, 1L);
    boolean predicts =
        compression == Compression.LZW
            || compression == Compression.DEFLATE
            || compression == Compression.OLD_DEFLATE;
    this.predictor = new Predictor(directory, predicts, bits, samples);
  }

  private Decompressor decompressor(Directory directory, int bits) throws IOException {
    if (compression.isFax()) {
      if (bits != 1) {
        throw new IOException(
            String.format(Locale.ROOT, "%s of %d bits", compression.title(), bits));
      }
      boolean twoDimensional =
          compression == Compression.CCITT_GROUP3
              && (directory.numberIfAny(Tags.GROUP3_OPTIONS, 0L) & 1) != 0;
      return new Fax(compression, twoDimensional, backwards, segments.segmentWidth());
    }
    return switch (compression) {
      case LZW -> new Lzw();
      case DEFLATE, OLD_DEFLATE -> new Deflate();
      case PACK_BITS -> new PackBits();
      case JPEG -> new JpegSegments(directory, segments, rowBytes, bits);
      default -> throw new IOException(compression.title() + " compression is not supported");
    };
  }

  /** The maximum number of bytes that one compressed byte can stand for. */
  static long largestRatio(Compression compression) {
    return switch (compression) {
      case PACK_BITS -> 128;
      case DEFLATE, OLD_DEFLATE -> 1100;
      case LZW -> 5200;
      default -> Integer.MAX_VALUE;
    };
  }

  /**
   * Decodes the strip or tile at this position into the first {@code size} bytes of {@code target}.
   *
   * @throws EOFException if it ends early
   */
  void decode(int x, int y, int plane, byte[] target, int size) throws IOException {
    decode(segments.bytes(segments.index(x, y, plane), target.length), target, size);
  }

  /** Decodes the given bytes of a segment. */
  void decode(CodedBytes coded, byte[] target, int size) throws IOException {
    boolean reversed = backwards && !compression.isFax() && compression != Compression.JPEG;
    if (reversed) {
      if (backwardsFile.length == 0) {
        backwardsFile = BitOrder.reversed(coded.bytes(), 0, coded.bytes().length);
      }
      coded = new CodedBytes(backwardsFile, coded.from(), coded.to());
    }
    if (!decompressor.decode(coded, target, size) && !segments.tiled()) {
      throw new EOFException();
    }
    predictor.undo(target, size, rowBytes);
  }
}
