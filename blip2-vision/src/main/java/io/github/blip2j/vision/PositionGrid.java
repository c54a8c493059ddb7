package io.github.blip2j.vision;

import io.github.blip2j.tensor.Tensor;

/**
 * Position embeddings for another grid of patches: bicubic, without antialiasing, as PyTorch's
 * {@code interpolate} does it with {@code align_corners} off.
 *
 * <p>The interpolation is separable and linear, so each direction is a product with a small matrix
 * that holds four weights in a row. The kernel's parameter is -0.75 (Keys 1981), where Pillow's
 * resize uses -0.5.
 */
final class PositionGrid {
  private static final double A = -0.75;

  private PositionGrid() {}

  /**
   * Another grid.
   *
   * @param positions [1, G G, E]
   * @return [1, rows columns, E]
   */
  static Tensor interpolate(Tensor positions, int grid, int rows, int columns) {
    long E = positions.dim(-1);
    Tensor down = weights(grid, rows).matmul(positions.reshape(grid, grid * E)); // [rows, G E]
    Tensor both = weights(grid, columns).matmul(down.reshape(rows, grid, E)); // [rows, columns, E]
    return both.reshape(1, (long) rows * columns, E);
  }

  /** [to, from]: each row the weights of one new position. */
  private static Tensor weights(int from, int to) {
    float[] values = new float[to * from];
    double scale = (double) from / to;
    for (int i = 0; i < to; i++) {
      double source = (i + 0.5) * scale - 0.5;
      int below = (int) Math.floor(source);
      for (int tap = below - 1; tap <= below + 2; tap++) {
        int clamped = Math.max(0, Math.min(from - 1, tap));
        values[i * from + clamped] += (float) cubic(Math.abs(source - tap));
      }
    }
    return Tensor.of(values, to, from);
  }

  private static double cubic(double x) {
    if (x <= 1) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
  }
}
