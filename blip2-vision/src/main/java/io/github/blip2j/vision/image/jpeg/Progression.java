package io.github.blip2j.vision.image.jpeg;

import java.util.Arrays;

/**
 * The precision of each coefficient of each component so far: the number of missing bits, or -1
 * before its first scan. If the last scan of a component is truncated, the precision before it
 * counts.
 */
final class Progression {
  static final int UNKNOWN = -1;

  /** The coefficients that smoothing depends on: DC and the first nine AC. */
  static final int LOOKED_AT = 10;

  private final int[][] missing;
  private final int[][] before;

  Progression(int components) {
    missing = new int[components][Mcu.BLOCK];
    before = new int[components][LOOKED_AT];
    for (int[] bits : missing) {
      Arrays.fill(bits, UNKNOWN);
    }
  }

  /** Records a scan, the {@code number}-th of the file. */
  void add(Scan scan, int number) {
    for (Scan.Part part : scan.parts()) {
      int c = part.component().index;
      for (int k = 0; k < LOOKED_AT; k++) {
        before[c][k] = number > 1 ? missing[c][k] : 0;
      }
      Arrays.fill(missing[c], scan.first(), scan.last() + 1, scan.low());
    }
  }

  /** The missing bits of coefficient {@code k}, in zigzag order. */
  int missing(int component, int k) {
    return missing[component][k];
  }

  /** The missing bits of coefficient {@code k} before the last scan of the component. */
  int missingBefore(int component, int k) {
    return before[component][k];
  }
}
