package io.github.blip2j.adapter;

/** A low-rank change of a matrix, {@code scale B A}. */
final class LowRank {
  private final String name; // of the matrix in the base model
  private final float[] a; // [R, in]
  private final float[] b; // [out, R]
  private final int in;
  private final float scale;

  LowRank(String name, float[] a, float[] b, int in, float scale) {
    this.name = name;
    this.a = a;
    this.b = b;
    this.in = in;
    this.scale = scale;
  }

  String name() {
    return name;
  }

  /**
   * Adds the product to a part of the matrix.
   *
   * @param values the elements of the matrix from {@code first} on, row by row
   */
  void addTo(float[] values, long first) {
    int rank = a.length / in;
    int done = 0;
    while (done < values.length) {
      int row = Math.toIntExact((first + done) / in);
      int column = (int) ((first + done) % in);
      int count = Math.min(in - column, values.length - done);
      for (int k = 0; k < rank; k++) {
        float factor = scale * b[row * rank + k];
        int from = k * in + column;
        for (int j = 0; j < count; j++) {
          values[done + j] += factor * a[from + j];
        }
      }
      done += count;
    }
  }
}
