package io.github.blip2j.vision.image.webp.lossy;

/**
 * Up to four groups of macroblocks with their own quantiser and loop-filter strength (RFC 6386,
 * section 9.3).
 *
 * @param used whether there are any; if not, all macroblocks are of segment 0
 * @param mapped whether each macroblock states its segment
 * @param absolute whether the numbers replace those of the frame; if not, they are added
 * @param quantizers one per segment
 * @param filterLevels one per segment
 * @param probabilities of the three nodes of the tree of segments
 */
@SuppressWarnings("ArrayRecordComponent") // read only, never compared
record Segments(
    boolean used,
    boolean mapped,
    boolean absolute,
    int[] quantizers,
    int[] filterLevels,
    int[] probabilities) {
  static final int COUNT = 4;

  private static final int QUANTIZER_BITS = 7;
  private static final int FILTER_LEVEL_BITS = 6;
  private static final int CERTAIN = 255;

  static Segments read(BoolDecoder header) {
    boolean mapped = false;
    boolean absolute = true;
    int[] quantizers = new int[COUNT];
    int[] filterLevels = new int[COUNT];
    int[] probabilities = {CERTAIN, CERTAIN, CERTAIN};
    boolean used = header.flag();
    if (used) {
      mapped = header.flag();
      if (header.flag()) {
        absolute = header.flag();
        readOptional(header, quantizers, QUANTIZER_BITS);
        readOptional(header, filterLevels, FILTER_LEVEL_BITS);
      }
      if (mapped) {
        for (int i = 0; i < probabilities.length; i++) {
          probabilities[i] = header.flag() ? header.number(Byte.SIZE) : CERTAIN;
        }
      }
    }
    return new Segments(used, mapped, absolute, quantizers, filterLevels, probabilities);
  }

  private static void readOptional(BoolDecoder header, int[] values, int bits) {
    for (int i = 0; i < values.length; i++) {
      values[i] = header.optionalNumber(bits);
    }
  }

  /** The quantiser of a segment in a frame with quantiser {@code base}. */
  int quantizer(int segment, int base) {
    return of(segment, base, quantizers);
  }

  /** The loop-filter strength of a segment in a frame with strength {@code base}. */
  int filterLevel(int segment, int base) {
    return of(segment, base, filterLevels);
  }

  private int of(int segment, int base, int[] values) {
    if (!used) {
      return base;
    }
    return absolute ? values[segment] : base + values[segment];
  }
}
