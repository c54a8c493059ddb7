package io.github.blip2j.nn;

import java.util.Map;

/** Multi-head attention as plain loops in double. */
public final class LoopAttention {
  /** Which source position a target position may see. */
  public interface Sight {
    boolean sees(int b, int t, int s);
  }

  /** What is added to a score. */
  public interface Bias {
    double of(int h, int t, int s);
  }

  /** Every position. */
  public static final Sight ALL = (b, t, s) -> true;

  private final Attention.Config sizes;
  private final int batch;
  private final int targets;
  private final int sources;
  private final Sight sight;
  private final Bias bias;

  /** Attention of these sizes, of {@code batch} sequences. */
  public LoopAttention(Attention.Config sizes, int batch, int targets, int sources, Sight sight) {
    this(sizes, batch, targets, sources, sight, (h, t, s) -> 0);
  }

  private LoopAttention(
      Attention.Config sizes, int batch, int targets, int sources, Sight sight, Bias bias) {
    this.sizes = sizes;
    this.batch = batch;
    this.targets = targets;
    this.sources = sources;
    this.sight = sight;
    this.bias = bias;
  }

  /** The same with something added to the scores. */
  LoopAttention adding(Bias newBias) {
    return new LoopAttention(sizes, batch, targets, sources, sight, newBias);
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
        double scale = sizes.scaled() ? 1 / Math.sqrt(sizes.headDim()) : 1;
        double score = scale * dot(q, b * targets + t, k, b * sources + s, h) + bias.of(h, t, s);
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
    int inner = sizes.innerDim();
    double[] mixed = new double[batch * targets * inner];
    for (int i = 0; i < mixed.length; i++) {
      int c = i % inner;
      int t = i / inner % targets;
      int b = i / inner / targets;
      int row = (b * sizes.heads() + c / sizes.headDim()) * targets + t;
      for (int s = 0; s < sources; s++) {
        mixed[i] += maps[row * sources + s] * v[(b * sources + s) * inner + c];
      }
    }
    return Loops.linear(parameters, "output", mixed, inner);
  }

  /** Both: [B, T, C]. */
  public double[] forward(Map<String, double[]> parameters, double[] x, double[] context) {
    return output(parameters, maps(parameters, x, context), context);
  }

  private double dot(double[] q, int qRow, double[] k, int kRow, int head) {
    double sum = 0;
    for (int d = head * sizes.headDim(); d < (head + 1) * sizes.headDim(); d++) {
      sum += q[qRow * sizes.innerDim() + d] * k[kRow * sizes.innerDim() + d];
    }
    return sum;
  }
}
