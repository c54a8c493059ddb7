package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import org.jspecify.annotations.Nullable;

/**
 * Estimates the low AC coefficients of a progressive image without its later scans, from the DC
 * coefficients of the 5x5 blocks around (an extension of ITU-T T.81, section K.8, by libjpeg-turbo
 * 2.1).
 */
final class BlockSmoothing {
  private static final int SIDE = 5;
  private static final int WINDOW = SIDE * SIDE;
  private static final int WITHOUT_AC = 10; // coefficients estimated where no AC is known
  private static final int WITH_AC = 6;

  /** Weights, of 1/256, where no AC coefficient is known; in zigzag order from DC. */
  private static final int[][] GAUSSIAN = {
    {
      -2, -6, -8, -6, -2, //
      -6, 6, 42, 6, -6, //
      -8, 42, 152, 42, -8, //
      -6, 6, 42, 6, -6, //
      -2, -6, -8, -6, -2
    },
    {
      -1, -1, 0, 1, 1, //
      -3, 13, 0, -13, 3, //
      -3, 38, 0, -38, 3, //
      -3, 13, 0, -13, 3, //
      -1, -1, 0, 1, 1
    },
    {
      -1, -3, -3, -3, -1, //
      -1, 13, 38, 13, -1, //
      0, 0, 0, 0, 0, //
      1, -13, -38, -13, 1, //
      1, 3, 3, 3, 1
    },
    {
      0, 0, 1, 0, 0, //
      0, 2, 7, 2, 0, //
      0, -5, -14, -5, 0, //
      0, 2, 7, 2, 0, //
      0, 0, 1, 0, 0
    },
    {
      -1, 0, 0, 0, 1, //
      0, 9, 0, -9, 0, //
      0, 0, 0, 0, 0, //
      0, -9, 0, 9, 0, //
      1, 0, 0, 0, -1
    },
    {
      0, 0, 0, 0, 0, //
      0, 2, -5, 2, 0, //
      1, 7, -14, 7, 1, //
      0, 2, -5, 2, 0, //
      0, 0, 0, 0, 0
    },
    inner(1, 0, -1, 2, 0, -2, 1, 0, -1),
    inner(1, -3, 1, 0, 0, 0, -1, 3, -1),
    inner(1, 0, -1, -3, 0, 3, 1, 0, -1),
    inner(1, 2, 1, 0, 0, 0, -1, -2, -1)
  };

  /** Weights if some AC coefficient is known; DC is unchanged. */
  private static final int[][] PLAIN = {
    {},
    cross(0, 0, 0, 0, -7, 50, 0, -50, 7),
    cross(-7, 50, -50, 7, 0, 0, 0, 0, 0),
    cross(-1, 13, 13, -1, 0, 0, -24, 0, 0),
    {
      0, -1, 0, 1, 0, //
      -1, 10, 0, -10, 1, //
      0, 0, 0, 0, 0, //
      1, -10, 0, 10, -1, //
      0, 1, 0, -1, 0
    },
    cross(0, 0, 0, 0, -1, 13, -24, 13, -1)
  };

  private final Frame frame;
  private final int[][] missing;
  private final int[][] missingBefore;
  private final int lastWholeRow;
  private final int[] window = new int[WINDOW];
  private final short[][] rows = new short[SIDE][];
  final short[] block = new short[Mcu.BLOCK];

  private BlockSmoothing(Frame frame, int[][] missing, int[][] missingBefore, int lastWholeRow) {
    this.frame = frame;
    this.missing = missing;
    this.missingBefore = missingBefore;
    this.lastWholeRow = lastWholeRow;
  }

  private static int[] inner(int... weights) {
    int[] all = new int[WINDOW];
    for (int i = 0; i < weights.length; i++) {
      all[(i / 3 + 1) * SIDE + i % 3 + 1] = weights[i];
    }
    return all;
  }

  /** The weights above and below the centre, then those of the centre row. */
  private static int[] cross(int... weights) {
    int[] all = new int[WINDOW];
    int[] above = {2, 7, 17, 22};
    for (int i = 0; i < above.length; i++) {
      all[above[i]] = weights[i];
    }
    System.arraycopy(weights, above.length, all, 2 * SIDE, SIDE);
    return all;
  }

  /**
   * The smoothing of an image, or null if libjpeg would not smooth it: everything is known, or the
   * inputs of the estimates are missing.
   *
   * @param lastWholeRow the last row of MCUs for which the last scan had data
   */
  static @Nullable BlockSmoothing of(
      Frame frame, Progression progression, int scans, int lastWholeRow) {
    int count = frame.components().size();
    int[][] missing = new int[count][Progression.LOOKED_AT];
    int[][] before = new int[count][Progression.LOOKED_AT];
    boolean useful = false;
    for (Component component : frame.components()) {
      int c = component.index;
      if (!component.isQuantized() || progression.missing(c, 0) < 0) {
        return null;
      }
      for (int k = 0; k < Progression.LOOKED_AT; k++) {
        if (component.steps()[ZigZag.natural(k)] == 0) {
          return null;
        }
        missing[c][k] = progression.missing(c, k);
        before[c][k] = scans > 1 ? progression.missingBefore(c, k) : Progression.UNKNOWN;
        useful |= k > 0 && missing[c][k] != 0;
      }
    }
    return useful ? new BlockSmoothing(frame, missing, before, lastWholeRow) : null;
  }

  /** Moves to the blocks of a row: the {@code y}-th in row {@code mcuRow} of MCUs. */
  void turnTo(Component component, Coefficients coefficients, int mcuRow, int y) {
    int row = mcuRow * component.vertical + y;
    // libjpeg counts as if the last row of MCUs were as high as all, or all as high as the last.
    int height = component.blockRowsIn(mcuRow, frame.mcuRows());
    int counted = mcuRow * height + y;
    int all = frame.mcuRows() * height;
    int above = counted > 0 ? row - 1 : row;
    int below = counted < all - 1 ? row + 1 : row;
    rows[0] = coefficients.row(counted > 1 ? row - 2 : above);
    rows[1] = coefficients.row(above);
    rows[2] = coefficients.row(row);
    rows[3] = coefficients.row(below);
    rows[4] = coefficients.row(counted < all - 2 ? row + 2 : below);
  }

  /** Writes the coefficients of the block in {@code column}, with estimates, to {@link #block}. */
  void smooth(Component component, int mcuRow, int column) {
    System.arraycopy(rows[2], column * Mcu.BLOCK, block, 0, Mcu.BLOCK);
    int last = component.blocksPerRow - 1;
    for (int x = 0; x < SIDE; x++) {
      int at = Math.max(0, Math.min(last, column + x - 2)) * Mcu.BLOCK;
      for (int y = 0; y < SIDE; y++) {
        window[y * SIDE + x] = rows[y][at];
      }
    }
    int[] bits = (mcuRow > lastWholeRow ? missingBefore : missing)[component.index];
    boolean noAc = true;
    for (int k = 1; k < Progression.LOOKED_AT; k++) {
      noAc &= bits[k] == Progression.UNKNOWN;
    }
    short[] steps = component.steps();
    for (int k = 1; k < (noAc ? WITHOUT_AC : WITH_AC); k++) {
      int i = ZigZag.natural(k);
      if (bits[k] != 0 && block[i] == 0) {
        block[i] = estimate(noAc ? GAUSSIAN[k] : PLAIN[k], steps[0], steps[i], bits[k]);
      }
    }
    if (noAc) {
      block[0] = estimate(GAUSSIAN[0], steps[0], steps[0], Progression.UNKNOWN);
    }
  }

  /** The weighted sum of the window, rounded, and limited to the range of the missing bits. */
  private short estimate(int[] weights, short dcStep, short step, int missingBits) {
    int sum = 0;
    for (int i = 0; i < WINDOW; i++) {
      sum += weights[i] * window[i];
    }
    long scaled = (long) (dcStep & 0xFFFF) * sum;
    long divisor = (step & 0xFFFFL) << 8;
    int size = (int) ((divisor / 2 + Math.abs(scaled)) / divisor);
    if (missingBits > 0 && size >= 1 << missingBits) {
      size = (1 << missingBits) - 1;
    }
    return (short) (scaled >= 0 ? size : -size);
  }
}
