package io.github.blip2j.vision;

import io.github.blip2j.tensor.Tensor;

/**
 * Interpolates position embeddings to another grid of patches: bicubic, without antialiasing, as in
 * PyTorch's {@code interpolate}.
 *
 * <p>The interpolation is separable and linear, so each direction is a product with a small matrix
 * of four weights a row. The kernel's parameter is -0.75 (Keys 1981); Pillow's resize has -0.5.
 *
 * @param side of the trained grid, in patches
 * @param alignCorners whether the centres of the corner patches are aligned, or their outer edges
 */
record PositionGrid(int side, boolean alignCorners) {
  private static final double A = -0.75;

  /**
   * Interpolates to another grid.
   *
   * @param positions [..., G G, E]; leading axes have length 1
   * @return [..., rows columns, E]
   */
  Tensor interpolate(Tensor positions, int rows, int columns) {
    long E = positions.dim(-1);
    Tensor down = weights(rows).matmul(positions.reshape(side, side * E)); // [rows, G E]
    Tensor both = weights(columns).matmul(down.reshape(rows, side, E)); // [rows, columns, E]
    long[] shape = positions.shape().toArray();
    shape[shape.length - 2] = (long) rows * columns;
    return both.reshape(shape);
  }

  /** The weights of each new position, [to, side]. */
  private Tensor weights(int to) {
    float[] values = new float[to * side];
    for (int i = 0; i < to; i++) {
      double source = source(i, to);
      int below = (int) Math.floor(source);
      for (int tap = below - 1; tap <= below + 2; tap++) {
        int clamped = Math.max(0, Math.min(side - 1, tap));
        values[i * side + clamped] += (float) cubic(Math.abs(source - tap));
      }
    }
    return Tensor.of(values, to, side);
  }

  /** The position of {@code i}, out of {@code to}, in the trained grid. */
  private double source(int i, int to) {
    if (alignCorners) {
      return to == 1 ? 0 : (double) i * (side - 1) / (to - 1);
    }
    return (i + 0.5) * side / to - 0.5;
  }

  private static double cubic(double x) {
    if (x <= 1) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
  }
}
