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
    boolean exact = always || parts(M, K).anyMatch(part -> hasOutlier(x, part, M, K));
    RoundedRows rows = new RoundedRows(M, K, exact ? 2 : 1);
    parts(M, K).forEach(part -> rows.fill(x, part));
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

  private static boolean hasOutlier(Tensor x, int part, long M, long K) {
    float[] row = new float[(int) K];
    for (int m = first(part, M, K); m < first(part + 1, M, K); m++) {
      read(x, m, row);
      if (largest(row) > OUTLIER * mean(row)) {
        return true;
      }
    }
    return false;
  }

  private void fill(Tensor x, int part) {
    float[] row = new float[width];
    byte[] near = new byte[width];
    byte[] rest = new byte[terms == 2 ? width : 0];
    Memory scale = Memory.at(scales.address(), scales.size() * Float.BYTES);
    for (int m = first(part, rows, width); m < first(part + 1, rows, width); m++) {
      read(x, m, row);
      float step = largest(row) / LARGEST;
      scale.putFloat((long) m * Float.BYTES, step);
      if (terms == 1) {
        round(row, step, near);
      } else {
        round(row, step, near, rest);
        scale.putFloat((long) (rows + m) * Float.BYTES, step / SECOND);
        write(rest, rows + m);
      }
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

  private static void round(float[] row, float step, byte[] bytes) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int k = 0; k < bytes.length; k++) {
      // Positive before it is cut off, which rounds to the nearest.
      bytes[k] = (byte) ((int) (row[k] * inverse + 128.5f) - 128);
    }
  }

  private static void round(float[] row, float step, byte[] near, byte[] rest) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int k = 0; k < near.length; k++) {
      float value = row[k] * inverse;
      int first = (int) (value + 128.5f) - 128;
      near[k] = (byte) first;
      rest[k] = (byte) ((int) ((value - first) * SECOND + 128.5f) - 128);
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
