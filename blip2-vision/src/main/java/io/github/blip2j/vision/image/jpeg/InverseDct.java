package io.github.blip2j.vision.image.jpeg;

import java.util.Arrays;

/**
 * The inverse cosine transform of one block: columns, then rows, after Loeffler, Ligtenberg and
 * Moschytz (1989), as in libjpeg's {@code jidctint}.
 *
 * <p>For coefficients beyond the valid range the result depends on the width of the registers. This
 * is the arithmetic of libjpeg-turbo's SSE2 and AVX2 code: 16 bits that wrap where products with
 * the quantisation steps and sums of two inputs are formed, 32 bits that wrap in between, and 16
 * and 8 bits that saturate after each pass.
 */
final class InverseDct {
  // Cosines with 13 fractional bits, as the sums that a multiplication of pairs needs.
  private static final int C2_SUM = 4433 + 6270; // 0.541196100 + 0.765366865
  private static final int C6 = 4433; // 0.541196100
  private static final int C6_DIFFERENCE = 4433 - 15137; // 0.541196100 - 1.847759065
  private static final int Z = 9633; // 1.175875602
  private static final int Z3 = 9633 - 16069; // 1.175875602 - 1.961570560
  private static final int Z4 = 9633 - 3196; // 1.175875602 - 0.390180644
  private static final int T0 = 2446 - 7373; // 0.298631336 - 0.899976223
  private static final int T03 = -7373; // -0.899976223
  private static final int T3 = 12299 - 7373; // 1.501321110 - 0.899976223
  private static final int T1 = 16819 - 20995; // 2.053119869 - 2.562915447
  private static final int T12 = -20995; // -2.562915447
  private static final int T2 = 25172 - 20995; // 3.072711026 - 2.562915447

  private static final int FRACTION = 13;
  private static final int FIRST_SHIFT = 11; // two fractional bits are kept
  private static final int SECOND_SHIFT = 18;

  /**
   * The last of the first coefficients in zigzag order that lie in the upper left quarter of a
   * block.
   */
  private static final int LAST_IN_QUARTER = 9;

  private static final int COLUMN_HALF = 1 << (FIRST_SHIFT - 1);
  private static final int ROW_HALF = 1 << (SECOND_SHIFT - 1);
  private static final int CENTER = 128;

  private final int[] columns = new int[Mcu.BLOCK];

  /**
   * Transforms the block at {@code from} of {@code coefficients}.
   *
   * @param extent the last coefficient in zigzag order that may be nonzero
   * @param target receives 8 rows of 8 samples from {@code to} on, {@code stride} apart
   */
  void transform(
      short[] coefficients,
      int from,
      int extent,
      short[] steps,
      byte[] target,
      int to,
      int stride) {
    if (extent == 0) {
      fill(coefficients[from], steps[0], target, to, stride);
    } else if (extent <= LAST_IN_QUARTER) {
      transformQuarterColumns(coefficients, from, steps);
      transformQuarterRows(target, to, stride);
    } else {
      transformColumns(coefficients, from, steps);
      transformRows(target, to, stride);
    }
  }

  private static void fill(short coefficient, short step, byte[] target, int to, int stride) {
    int level = (short) ((coefficient * step) << 2);
    byte sample = (byte) clip(((level + 16) >> 5) + CENTER);
    for (int row = 0, t = to; row < 8; row++, t += stride) {
      Arrays.fill(target, t, t + 8, sample);
    }
  }

  private void transformColumns(short[] in, int from, short[] steps) {
    for (int c = 0; c < 8; c++) {
      int i = from + c;
      int below =
          in[i + 8] | in[i + 16] | in[i + 24] | in[i + 32] | in[i + 40] | in[i + 48] | in[i + 56];
      int in0 = (short) (in[i] * steps[c]);
      if (below == 0) {
        spread(in0, c, in, from);
        continue;
      }
      int in1 = (short) (in[i + 8] * steps[c + 8]);
      int in2 = (short) (in[i + 16] * steps[c + 16]);
      int in3 = (short) (in[i + 24] * steps[c + 24]);
      int in4 = (short) (in[i + 32] * steps[c + 32]);
      int in5 = (short) (in[i + 40] * steps[c + 40]);
      int in6 = (short) (in[i + 48] * steps[c + 48]);
      int in7 = (short) (in[i + 56] * steps[c + 56]);
      int even0 = ((short) (in0 + in4) << FRACTION) + COLUMN_HALF;
      int even1 = ((short) (in0 - in4) << FRACTION) + COLUMN_HALF;
      int even2 = in2 * C6 + in6 * C6_DIFFERENCE;
      int even3 = in2 * C2_SUM + in6 * C6;
      int z3 = (short) (in3 + in7);
      int z4 = (short) (in1 + in5);
      int odd3 = z3 * Z3 + z4 * Z;
      int odd4 = z3 * Z + z4 * Z4;
      int odd0 = in7 * T0 + in1 * T03 + odd3;
      int odd1 = in5 * T1 + in3 * T12 + odd4;
      int odd2 = in5 * T12 + in3 * T2 + odd3;
      int odd5 = in7 * T03 + in1 * T3 + odd4;
      storeColumn(even0 + even3, odd5, even1 + even2, odd2, c, 0);
      storeColumn(even1 - even2, odd1, even0 - even3, odd0, c, 16);
    }
  }

  /** Transforms columns of a block in which only the upper left quarter may be nonzero. */
  private void transformQuarterColumns(short[] in, int from, short[] steps) {
    for (int c = 0; c < 4; c++) {
      int i = from + c;
      int in0 = (short) (in[i] * steps[c]);
      if ((in[i + 8] | in[i + 16] | in[i + 24]) == 0) {
        spread(in0, c, in, from);
        continue;
      }
      int in1 = (short) (in[i + 8] * steps[c + 8]);
      int in2 = (short) (in[i + 16] * steps[c + 16]);
      int in3 = (short) (in[i + 24] * steps[c + 24]);
      int even = (in0 << FRACTION) + COLUMN_HALF;
      int even2 = in2 * C6;
      int even3 = in2 * C2_SUM;
      int odd0 = in1 * (Z + T03) + in3 * Z3;
      int odd1 = in1 * Z4 + in3 * (Z + T12);
      int odd2 = in1 * Z + in3 * (Z3 + T2);
      int odd5 = in1 * (Z4 + T3) + in3 * Z;
      storeColumn(even + even3, odd5, even + even2, odd2, c, 0);
      storeColumn(even - even2, odd1, even - even3, odd0, c, 16);
    }
  }

  /** Transforms a column in which only the first coefficient is nonzero. */
  private void spread(int first, int c, short[] in, int from) {
    int value = first << 2;
    if (value != (short) value) {
      // libjpeg-turbo wraps here if the whole block has one row, and saturates elsewhere.
      value = hasRows(in, from) ? saturated(value) : (short) value;
    }
    int[] out = columns;
    out[c] = value;
    out[c + 8] = value;
    out[c + 16] = value;
    out[c + 24] = value;
    out[c + 32] = value;
    out[c + 40] = value;
    out[c + 48] = value;
    out[c + 56] = value;
  }

  /** Whether there is any coefficient below the first row. */
  private static boolean hasRows(short[] in, int from) {
    int any = 0;
    for (int i = from + 8; i < from + Mcu.BLOCK; i++) {
      any |= in[i];
    }
    return any != 0;
  }

  /** Stores four values of column {@code c}: two from row {@code i / 8} on, and their mirrors. */
  private void storeColumn(int evenA, int oddA, int evenB, int oddB, int c, int i) {
    int first = (evenA + oddA) >> FIRST_SHIFT;
    int second = (evenB + oddB) >> FIRST_SHIFT;
    int last = (evenA - oddA) >> FIRST_SHIFT;
    int beforeLast = (evenB - oddB) >> FIRST_SHIFT;
    int least = Short.MIN_VALUE;
    if (((first - least) | (second - least) | (beforeLast - least) | (last - least)) >>> 16 != 0) {
      first = saturated(first);
      second = saturated(second);
      beforeLast = saturated(beforeLast);
      last = saturated(last);
    }
    int[] out = columns;
    out[c + i] = first;
    out[c + i + 8] = second;
    out[c + 48 - i] = beforeLast;
    out[c + 56 - i] = last;
  }

  private static int saturated(int value) {
    return Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, value));
  }

  private void transformRows(byte[] target, int to, int stride) {
    int[] in = columns;
    for (int i = 0, t = to; i < Mcu.BLOCK; i += 8, t += stride) {
      int in1 = in[i + 1];
      int in2 = in[i + 2];
      int in3 = in[i + 3];
      int in4 = in[i + 4];
      int in5 = in[i + 5];
      int in6 = in[i + 6];
      int in7 = in[i + 7];
      int even0 = ((short) (in[i] + in4) << FRACTION) + ROW_HALF;
      int even1 = ((short) (in[i] - in4) << FRACTION) + ROW_HALF;
      int even2 = in2 * C6 + in6 * C6_DIFFERENCE;
      int even3 = in2 * C2_SUM + in6 * C6;
      int z3 = (short) (in3 + in7);
      int z4 = (short) (in1 + in5);
      int odd3 = z3 * Z3 + z4 * Z;
      int odd4 = z3 * Z + z4 * Z4;
      int odd0 = in7 * T0 + in1 * T03 + odd3;
      int odd1 = in5 * T1 + in3 * T12 + odd4;
      int odd2 = in5 * T12 + in3 * T2 + odd3;
      int odd5 = in7 * T03 + in1 * T3 + odd4;
      storeRow(even0 + even3, odd5, even1 + even2, odd2, target, t, 0);
      storeRow(even1 - even2, odd1, even0 - even3, odd0, target, t, 2);
    }
  }

  private void transformQuarterRows(byte[] target, int to, int stride) {
    int[] in = columns;
    for (int i = 0, t = to; i < Mcu.BLOCK; i += 8, t += stride) {
      int in1 = in[i + 1];
      int in2 = in[i + 2];
      int in3 = in[i + 3];
      int even = (in[i] << FRACTION) + ROW_HALF;
      int even2 = in2 * C6;
      int even3 = in2 * C2_SUM;
      int odd0 = in1 * (Z + T03) + in3 * Z3;
      int odd1 = in1 * Z4 + in3 * (Z + T12);
      int odd2 = in1 * Z + in3 * (Z3 + T2);
      int odd5 = in1 * (Z4 + T3) + in3 * Z;
      storeRow(even + even3, odd5, even + even2, odd2, target, t, 0);
      storeRow(even - even2, odd1, even - even3, odd0, target, t, 2);
    }
  }

  /** Stores four samples of a row: {@code i}, {@code i + 1}, {@code 6 - i} and {@code 7 - i}. */
  private static void storeRow(
      int evenA, int oddA, int evenB, int oddB, byte[] target, int t, int i) {
    int first = ((evenA + oddA) >> SECOND_SHIFT) + CENTER;
    int second = ((evenB + oddB) >> SECOND_SHIFT) + CENTER;
    int last = ((evenA - oddA) >> SECOND_SHIFT) + CENTER;
    int beforeLast = ((evenB - oddB) >> SECOND_SHIFT) + CENTER;
    if (((first | second | beforeLast | last) & ~0xFF) != 0) {
      first = clip(first);
      second = clip(second);
      beforeLast = clip(beforeLast);
      last = clip(last);
    }
    target[t + i] = (byte) first;
    target[t + i + 1] = (byte) second;
    target[t + 6 - i] = (byte) beforeLast;
    target[t + 7 - i] = (byte) last;
  }

  private static int clip(int sample) {
    return Math.max(0, Math.min(255, sample));
  }
}
