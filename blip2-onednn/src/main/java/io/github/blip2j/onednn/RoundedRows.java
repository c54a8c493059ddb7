package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Rows of float32 as rows of bytes, each with a scale: one row of bytes for each, or two whose sum
 * is fifteen bits exact. Second rows follow after all first ones.
 */
final class RoundedRows {
  private static final float LARGEST = 127;
  private static final float SECOND = 2 * LARGEST; // rounding leaves at most half a step
  // Beyond this ratio of the largest to the mean, too little is left of what is not the largest.
  private static final float OUTLIER = 16;
  // A float32 of this size has no bits for fractions: adding it rounds to the nearest whole number,
  // which then stands in the lowest bits. Casts to integers take three times as long.
  private static final float WHOLE = 0x1.8p23f;
  private static final long WORTH_A_THREAD = 1 << 16; // numbers, a guess

  private final Tensor bytes;
  private final Tensor scales;
  private final int rows;
  private final int width;
  private final int terms;

  private RoundedRows(long M, long K, int terms) {
    this.rows = Math.toIntExact(M);
    this.width = Math.toIntExact(K);
    this.terms = terms;
    this.bytes = Tensor.uninitialized("linear", DType.UINT8, Shape.of(terms * M, K));
    this.scales = Tensor.uninitialized("linear", DType.FLOAT32, Shape.of(terms * M, 1));
  }

  /**
   * Rounds dense rows [M, K].
   *
   * @param always whether two rows of bytes are wanted even where there is no outlier
   */
  static RoundedRows of(Tensor x, long M, long K, boolean always) {
    float[] largest = new float[Math.toIntExact(M)];
    boolean outlier =
        parts(M, K)
            .mapToObj(part -> measure(x, part, K, largest, always))
            .reduce(false, Boolean::logicalOr); // all parts, for all are measured
    RoundedRows rows = new RoundedRows(M, K, always || outlier ? 2 : 1);
    parts(M, K).forEach(part -> rows.fill(x, part, largest));
    return rows;
  }

  /** Parts of the rows that are worth a thread each, by number. */
  private static IntStream parts(long M, long K) {
    int count = count(M, K);
    IntStream parts = IntStream.range(0, count);
    return count == 1 ? parts : parts.parallel();
  }

  private static int count(long M, long K) {
    return (int) Math.max(1, Math.min(M, M * K / WORTH_A_THREAD));
  }

  private static int first(int part, long M, long K) {
    return (int) (M * part / count(M, K));
  }

  /** Finds the largest number of each row; whether any is an outlier, unless that is settled. */
  private static boolean measure(Tensor x, int part, long K, float[] largest, boolean settled) {
    float[] row = new float[(int) K];
    boolean outlier = false;
    for (int m = first(part, largest.length, K); m < first(part + 1, largest.length, K); m++) {
      read(x, m, row);
      largest[m] = largest(row);
      outlier = outlier || (!settled && largest[m] > OUTLIER * mean(row));
    }
    return outlier;
  }

  private void fill(Tensor x, int part, float[] largest) {
    float[] row = new float[width];
    float[] left = new float[terms == 2 ? width : 0];
    byte[] near = new byte[width];
    byte[] rest = new byte[terms == 2 ? width : 0];
    Memory scale = Memory.at(scales.address(), scales.size() * Float.BYTES);
    for (int m = first(part, rows, width); m < first(part + 1, rows, width); m++) {
      read(x, m, row);
      float step = largest[m] / LARGEST;
      scale.putFloat((long) m * Float.BYTES, step);
      if (terms == 1) {
        round(row, step);
      } else {
        round(row, step, left);
        narrow(left, rest);
        scale.putFloat((long) (rows + m) * Float.BYTES, step / SECOND);
        write(rest, rows + m);
      }
      narrow(row, near);
      write(near, m);
    }
  }

  private static void read(Tensor x, int m, float[] row) {
    long size = (long) row.length * Float.BYTES;
    Memory.bytes(x.address() + m * size, size).asFloatBuffer().get(row);
  }

  private void write(byte[] row, int at) {
    Memory.bytes(bytes.address() + (long) at * width, width).put(row);
  }

  private static float largest(float[] row) {
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Of the absolute values; four sums, for each addition waits for the one before it. */
  private static float mean(float[] row) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < row.length; i += 4) {
      a += Math.abs(row[i]);
      b += Math.abs(row[i + 1]);
      c += Math.abs(row[i + 2]);
      d += Math.abs(row[i + 3]);
    }
    for (; i < row.length; i++) {
      a += Math.abs(row[i]);
    }
    return (a + b + c + d) / row.length;
  }

  /** Row in steps, rounded to whole numbers, which {@link #narrow} reads. */
  private static void round(float[] row, float step) {
    float inverse = inverse(step);
    for (int k = 0; k < row.length; k++) {
      row[k] = row[k] * inverse + WHOLE;
    }
  }

  /** The same, and what rounding has lost in steps of its own. */
  private static void round(float[] row, float step, float[] left) {
    float inverse = inverse(step);
    for (int k = 0; k < row.length; k++) {
      float value = row[k] * inverse;
      float whole = value + WHOLE;
      left[k] = (value - (whole - WHOLE)) * SECOND + WHOLE;
      row[k] = whole;
    }
  }

  private static float inverse(float step) {
    return step == 0 ? 0 : 1 / step;
  }

  private static void narrow(float[] rounded, byte[] bytes) {
    for (int k = 0; k < bytes.length; k++) {
      bytes[k] = (byte) Float.floatToRawIntBits(rounded[k]);
    }
  }

  /** [terms M, K], signed. */
  Tensor bytes() {
    return bytes;
  }

  /** [terms M, 1]. */
  Tensor scales() {
    return scales;
  }

  /** Rows of bytes. */
  long count() {
    return bytes.dim(0);
  }

  /** Rows of bytes for each row. */
  int terms() {
    return terms;
  }
}
