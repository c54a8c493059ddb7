package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;

/**
 * Rows of float32 as rows of bytes, each with a scale: one row of bytes for each, or two whose sum
 * is fifteen bits exact. Second rows follow after all first ones.
 */
final class RoundedRows {
  private static final float LARGEST = 127;
  private static final float SECOND = 2 * LARGEST; // rounding leaves at most half a step
  // Beyond this ratio of the largest to the mean, too little is left of what is not the largest.
  private static final float OUTLIER = 16;

  private final Tensor bytes;
  private final Tensor scales;
  private final int terms;

  private RoundedRows(Tensor bytes, Tensor scales, int terms) {
    this.bytes = bytes;
    this.scales = scales;
    this.terms = terms;
  }

  /**
   * Rounds dense rows.
   *
   * @param always whether two rows of bytes are wanted even where there is no outlier
   */
  static RoundedRows of(Tensor x, long M, long K, boolean always) {
    float[] row = new float[Math.toIntExact(K)];
    float[] largest = new float[Math.toIntExact(M)];
    boolean outliers = always;
    for (int m = 0; m < largest.length; m++) {
      read(x, m, row);
      largest[m] = largest(row);
      outliers = outliers || largest[m] > OUTLIER * mean(row);
    }
    int terms = outliers ? 2 : 1;
    Tensor bytes = Tensor.uninitialized("linear", DType.UINT8, Shape.of(terms * M, K));
    float[] scales = new float[terms * largest.length];
    byte[] first = new byte[row.length];
    byte[] second = new byte[terms == 2 ? row.length : 0];
    for (int m = 0; m < largest.length; m++) {
      read(x, m, row);
      float scale = largest[m] / LARGEST;
      scales[m] = scale;
      if (terms == 1) {
        round(row, scale, first);
      } else {
        scales[(int) M + m] = scale / SECOND;
        round(row, scale, first, second);
        Memory.bytes(bytes.address() + (M + m) * K, K).put(second);
      }
      Memory.bytes(bytes.address() + m * K, K).put(first);
    }
    return new RoundedRows(bytes, Tensor.of(scales, scales.length, 1), terms);
  }

  private static void read(Tensor x, int m, float[] row) {
    long size = (long) row.length * Float.BYTES;
    Memory.bytes(x.address() + m * size, size).asFloatBuffer().get(row);
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

  private static void round(float[] row, float scale, byte[] bytes) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int k = 0; k < bytes.length; k++) {
      // Positive before it is cut off, which rounds to the nearest; Math.round is ten times slower.
      bytes[k] = (byte) ((int) (row[k] * inverse + 128.5f) - 128);
    }
  }

  private static void round(float[] row, float scale, byte[] first, byte[] second) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int k = 0; k < first.length; k++) {
      float value = row[k] * inverse;
      int near = (int) (value + 128.5f) - 128;
      first[k] = (byte) near;
      second[k] = (byte) ((int) ((value - near) * SECOND + 128.5f) - 128);
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
