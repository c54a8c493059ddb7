package io.github.blip2j.blip2.features;

import io.github.blip2j.tensor.Tensor;

/** Tensors as Java arrays. */
public final class FloatRows {
  private FloatRows() {}

  /** [1, Q, P] as [Q][P]. */
  public static float[][] ofFirst(Tensor all) {
    return of(all.select(0, 0));
  }

  /** [R, P] as [R][P], read at once. */
  public static float[][] of(Tensor matrix) {
    return matrix.toFloatRows();
  }

  /** The unit vector in the direction of the mean of [Q][P], [P]. */
  public static float[] direction(float[][] rows) {
    double[] mean = new double[rows[0].length];
    for (float[] row : rows) {
      for (int p = 0; p < mean.length; p++) {
        mean[p] += row[p];
      }
    }
    double squares = 0;
    for (double value : mean) {
      squares += value * value;
    }
    double length = Math.max(Math.sqrt(squares), 1e-12); // as PyTorch's normalize
    float[] one = new float[mean.length];
    for (int p = 0; p < one.length; p++) {
      one[p] = (float) (mean[p] / length);
    }
    return one;
  }
}
