package io.github.blip2j.vision.image.webp.lossy;

/**
 * The parameters of the loop filter of a frame (RFC 6386, sections 9.6 and 15).
 *
 * @param simple whether it is the simple filter, which leaves chroma unchanged
 * @param level its strength, 0 to 63; 0 switches it off
 * @param sharpness 0 to 7
 * @param keyFrameDelta added to the strength of all macroblocks
 * @param subblockDelta added for macroblocks that are predicted in 4x4 blocks
 */
record FilterHeader(
    boolean simple, int level, int sharpness, int keyFrameDelta, int subblockDelta) {
  private static final int MAX_LEVEL = 63;
  private static final int DELTAS = 4;
  private static final int DELTA_BITS = 6;

  static FilterHeader read(BoolDecoder header) {
    boolean simple = header.flag();
    int level = header.number(6);
    int sharpness = header.number(3);
    int[] ofReference = new int[DELTAS];
    int[] ofMode = new int[DELTAS];
    boolean hasDeltas = header.flag();
    if (hasDeltas && header.flag()) {
      readDeltas(header, ofReference);
      readDeltas(header, ofMode);
    }
    // The others are for frames that refer to earlier ones.
    return new FilterHeader(simple, level, sharpness, ofReference[0], ofMode[0]);
  }

  private static void readDeltas(BoolDecoder header, int[] deltas) {
    for (int i = 0; i < deltas.length; i++) {
      deltas[i] = header.optionalNumber(DELTA_BITS);
    }
  }

  boolean isOff() {
    return level == 0;
  }

  /** The limits for the macroblocks of a segment. */
  FilterLimits limits(Segments segments, int segment, boolean subblocks) {
    int strength = segments.filterLevel(segment, level) + keyFrameDelta;
    strength += subblocks ? subblockDelta : 0;
    strength = Math.max(0, Math.min(MAX_LEVEL, strength));
    if (strength == 0) {
      return FilterLimits.NONE;
    }
    int interior = strength;
    if (sharpness > 0) {
      interior >>= sharpness > 4 ? 2 : 1;
      interior = Math.min(interior, 9 - sharpness);
    }
    interior = Math.max(interior, 1);
    int highVariance = strength >= 40 ? 2 : strength >= 15 ? 1 : 0;
    return new FilterLimits(2 * strength + interior, interior, highVariance);
  }
}
