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
  private final long[][] positions; // rotary positions of each row, or none
  private final double[] frequencies;

  /** Attention of these sizes, of {@code batch} sequences. */
  public LoopAttention(Attention.Config sizes, int batch, int targets, int sources, Sight sight) {
    this(sizes, batch, targets, sources, sight, (h, t, s) -> 0, new long[0][], new double[0]);
  }

  private LoopAttention(
      Attention.Config sizes,
      int batch,
      int targets,
      int sources,
      Sight sight,
      Bias bias,
      long[][] positions,
      double[] frequencies) {
    this.sizes = sizes;
    this.batch = batch;
    this.targets = targets;
    this.sources = sources;
    this.sight = sight;
    this.bias = bias;
    this.positions = positions;
    this.frequencies = frequencies;
  }

  /** The same with something added to the scores. */
  LoopAttention adding(Bias newBias) {
    return new LoopAttention(
        sizes, batch, targets, sources, sight, newBias, positions, frequencies);
  }

  /** Self-attention with queries and keys turned by their positions [B][T]. */
  LoopAttention turning(long[][] newPositions, double[] newFrequencies) {
    return new LoopAttention(
        sizes, batch, targets, sources, sight, bias, newPositions, newFrequencies);
  }

  /** Probabilities [B, H, T, S]. */
  double[] maps(Map<String, double[]> parameters, double[] x, double[] context) {
    double[] q = Loops.linear(parameters, "query", x, sizes.dim());
    double[] k = Loops.linear(parameters, "key", context, sizes.contextDim());
    turn(q, sizes.heads(), targets);
    turn(k, sizes.keyValueHeads(), sources);
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
    int shared = sizes.keyValueHeads() * sizes.headDim();
    double[] mixed = new double[batch * targets * inner];
    for (int i = 0; i < mixed.length; i++) {
      int c = i % inner;
      int t = i / inner % targets;
      int b = i / inner / targets;
      int row = (b * sizes.heads() + c / sizes.headDim()) * targets + t;
      int column = sharedHead(c / sizes.headDim()) * sizes.headDim() + c % sizes.headDim();
      for (int s = 0; s < sources; s++) {
        mixed[i] += maps[row * sources + s] * v[(b * sources + s) * shared + column];
      }
    }
    return Loops.linear(parameters, "output", mixed, inner);
  }

  /** Both: [B, T, C]. */
  public double[] forward(Map<String, double[]> parameters, double[] x, double[] context) {
    return output(parameters, maps(parameters, x, context), context);
  }

  /** The head of keys and values that a head of queries attends to. */
  private int sharedHead(int head) {
    return head / (sizes.heads() / sizes.keyValueHeads());
  }

  private double dot(double[] q, int qRow, double[] k, int kRow, int head) {
    double sum = 0;
    int D = sizes.headDim();
    for (int d = 0; d < D; d++) {
      sum +=
          q[qRow * sizes.innerDim() + head * D + d]
              * k[kRow * sizes.keyValueHeads() * D + sharedHead(head) * D + d];
    }
    return sum;
  }

  /** Multiplies pairs of elements, as complex numbers, by e^(i position frequency). */
  private void turn(double[] x, int heads, int rows) {
    if (positions.length == 0) {
      return;
    }
    int half = sizes.headDim() / 2;
    for (int i = 0; i < x.length; i++) {
      int d = i % sizes.headDim();
      int row = i / sizes.headDim() / heads;
      if (d < half) {
        double angle = positions[row / rows][row % rows] * frequencies[d];
        double real = x[i];
        double imaginary = x[i + half];
        x[i] = real * Math.cos(angle) - imaginary * Math.sin(angle);
        x[i + half] = real * Math.sin(angle) + imaginary * Math.cos(angle);
      }
    }
  }
}
