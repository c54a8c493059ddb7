package io.github.blip2j.nn;

import java.util.Map;

/** Multi-head attention as plain loops in double. */
public final class LoopAttention {
  /** Which source position a target position may see. */
  public interface Sight {
    boolean sees(int b, int t, int s);
  }

  /** Every position. */
  public static final Sight ALL = (b, t, s) -> true;

  private final Attention.Sizes sizes;
  private final int batch;
  private final int targets;
  private final int sources;
  private final Sight sight;

  /** Attention of these sizes, of {@code batch} sequences. */
  public LoopAttention(Attention.Sizes sizes, int batch, int targets, int sources, Sight sight) {
    this.sizes = sizes;
    this.batch = batch;
    this.targets = targets;
    this.sources = sources;
    this.sight = sight;
  }

  /** Probabilities [B, H, T, S]. */
  double[] maps(Map<String, double[]> parameters, double[] x, double[] context) {
    double[] q = Loops.linear(parameters, "query", x, sizes.dim());
    double[] k = Loops.linear(parameters, "key", context, sizes.contextDim());
    double[] maps = new double[batch * sizes.heads() * targets * sources];
    for (int row = 0; row < maps.length / sources; row++) {
      int t = row % targets;
      int h = row / targets % sizes.heads();
      int b = row / targets / sizes.heads();
      double sum = 0;
      for (int s = 0; s < sources; s++) {
        double score = dot(q, b * targets + t, k, b * sources + s, h) / Math.sqrt(headDim());
        maps[row * sources + s] = sight.sees(b, t, s) ? Math.exp(score) : 0;
        sum += maps[row * sources + s];
      }
      for (int s = 0; s < sources; s++) {
        maps[row * sources + s] /= sum;
      }
    }
    return maps;
  }

  /** Values weighed by {@code maps}, then the output map: [B, T, C]. */
  double[] output(Map<String, double[]> parameters, double[] maps, double[] context) {
    double[] v = Loops.linear(parameters, "value", context, sizes.contextDim());
    double[] mixed = new double[batch * targets * sizes.dim()];
    for (int i = 0; i < mixed.length; i++) {
      int c = i % sizes.dim();
      int t = i / sizes.dim() % targets;
      int b = i / sizes.dim() / targets;
      int row = (b * sizes.heads() + c / headDim()) * targets + t;
      for (int s = 0; s < sources; s++) {
        mixed[i] += maps[row * sources + s] * v[(b * sources + s) * sizes.dim() + c];
      }
    }
    return Loops.linear(parameters, "output", mixed, sizes.dim());
  }

  /** Both: [B, T, C]. */
  public double[] forward(Map<String, double[]> parameters, double[] x, double[] context) {
    return output(parameters, maps(parameters, x, context), context);
  }

  private double dot(double[] q, int qRow, double[] k, int kRow, int head) {
    double sum = 0;
    for (int d = head * headDim(); d < (head + 1) * headDim(); d++) {
      sum += q[qRow * sizes.dim() + d] * k[kRow * sizes.dim() + d];
    }
    return sum;
  }

  private int headDim() {
    return sizes.dim() / sizes.heads();
  }
}
