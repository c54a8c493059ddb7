package io.github.blip2j.backend;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention and its gradients against loops. */
interface AttentionConformance {
  Kernels kernels();

  /** B, T, S, H, D. */
  static Stream<Arguments> heads() {
    return Samples.ofBothTypes(
        new int[][] {
          {1, 1, 1, 1, 1},
          {2, 3, 5, 4, 7},
          {1, 33, 17, 2, 16},
          {3, 1, 40, 4, 8},
          {1, 16, 64, 2, 65},
          {2, 5, 1, 3, 6},
          {5, 1, 7, 2, 80}
        });
  }

  @Test
  default void attention_inBfloat16_roundsWhatIsMultipliedAndNoMore() {
    Samples samples = new Samples(DType.FLOAT32);
    int[] s = {2, 37, 37, 3, 24};
    double[] q = samples.coarse(2, 37, 3, 24);
    double[] k = samples.coarse(2, 37, 3, 24);
    double[] v = samples.coarse(2, 37, 3, 24);
    double[] m = samples.normal(37, 37);
    double[] full = Loops.broadcast(m, new long[] {37, 37}, new long[] {2, 3, 37, 37});
    Tensor out = Tensor.uninitialized("test", DType.BFLOAT16, Shape.of(2, 37, 3, 24));

    kernels()
        .attention(
            samples.tensor(q, 2, 37, 3, 24).to(DType.BFLOAT16),
            samples.tensor(k, 2, 37, 3, 24).to(DType.BFLOAT16),
            samples.tensor(v, 2, 37, 3, 24).to(DType.BFLOAT16),
            0.3,
            samples.tensor(m, 37, 37),
            null,
            null,
            out);

    // Probabilities and results lose half a unit of the eighth bit each; values are up to 2.
    double[] expected = mixed(weights(q, k, 0.3, full, s), v, s);
    samples.assertClose(expected, out.to(DType.FLOAT32), 2.0 / 256, 0);
  }

  @ParameterizedTest
  @MethodSource("heads")
  default void attention_sizesAndMasks_matchesLoops(
      Samples samples, int B, int T, int S, int H, int D) {
    int[] s = {B, T, S, H, D};
    long[][] masks = {null, {S}, {T, S}, {B, 1, 1, S}, {1, 1, T, S}, {1, H, T, S}, {B, H, T, S}};
    double[] q = samples.normal(B, T, H, D);
    double[] k = samples.normal(B, S, H, D);
    double[] v = samples.normal(B, S, H, D);
    for (long[] dims : masks) {
      double[] m = dims == null ? null : samples.normal(dims);
      double[] full = m == null ? null : Loops.broadcast(m, dims, new long[] {B, H, T, S});
      Tensor out = samples.out(B, T, H, D);
      Tensor weights = samples.out(B, H, T, S);
      Tensor alone = samples.out(B, T, H, D);
      Tensor mask = m == null ? null : samples.tensor(m, dims);
      Tensor tq = samples.tensor(q, B, T, H, D);
      Tensor tk = samples.tensor(k, B, S, H, D);
      Tensor tv = samples.tensor(v, B, S, H, D);

      kernels().attention(tq, tk, tv, 0.3, mask, null, weights, out);
      kernels().attention(tq, tk, tv, 0.3, mask, null, null, alone);

      double[] p = weights(q, k, 0.3, full, s);
      samples.assertClose(p, weights, 1e-5, 1e-12);
      samples.assertClose(mixed(p, v, s), out, 1e-5, 1e-12);
      samples.assertClose(mixed(p, v, s), alone, 1e-5, 1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void attention_viewsOfFusedProjectionAndOfCache_honoursStrides(DType type) {
    Samples samples = new Samples(type);
    int B = 2;
    int T = 3;
    int H = 4;
    int D = 5;
    Tensor fused = samples.tensor(samples.normal(B, T, 3, H, D), B, T, 3, H, D);
    Tensor cache = samples.tensor(samples.normal(B, 9, H, D), B, 9, H, D);
    Tensor byHead = samples.tensor(samples.normal(B, H, 7, D), B, H, 7, D);
    Tensor[][] cases = {
      {fused.select(2, 0), fused.select(2, 1), fused.select(2, 2)},
      {fused.select(2, 1), cache.narrow(1, 0, 7), byHead.transpose(1, 2)},
      {fused.select(2, 1), cache.narrow(1, 0, 1), cache.narrow(1, 3, 1)},
    };
    for (Tensor[] qkv : cases) {
      int S = Math.toIntExact(qkv[1].dim(1));
      Tensor out = samples.out(B, T, H, D);

      kernels().attention(qkv[0], qkv[1], qkv[2], 0.5, null, null, null, out);

      int[] sizes = {B, T, S, H, D};
      double[] p = weights(qkv[0].toDoubles(), qkv[1].toDoubles(), 0.5, null, sizes);
      samples.assertClose(mixed(p, qkv[2].toDoubles(), sizes), out, 1e-5, 1e-12);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 3", "2, 1", "5, 1"})
  default void attention_asManyRowsAsTheCacheHasPositions_isThatOfCopies(int S, int T) {
    Samples samples = new Samples(DType.FLOAT32);
    int R = 6;
    Tensor q = samples.tensor(samples.normal(R, R, 2, 8), R, R, 2, 8).narrow(1, 0, T);
    Tensor k = samples.tensor(samples.normal(R, R, 2, 8), R, R, 2, 8).narrow(1, 0, S);
    Tensor v = samples.tensor(samples.normal(R, R, 2, 8), R, R, 2, 8).narrow(1, 0, S);
    Tensor ofViews = samples.out(R, T, 2, 8);
    Tensor ofCopies = samples.out(R, T, 2, 8);
    Tensor weights = samples.out(R, 2, T, S); // with them, exactly S positions are read

    kernels().attention(q, k, v, 0.3, null, null, weights, ofViews);
    kernels().attention(q.copy(), k.copy(), v.copy(), 0.3, null, null, null, ofCopies);

    Samples.assertClose("views", ofCopies.toDoubles(), ofViews, 1e-6);
  }

  @Test
  default void attention_rowFullyMasked_isTheMeanOfV() {
    Samples samples = new Samples(DType.FLOAT32);
    int[] s = {2, 3, 5, 2, 4};
    double[] v = samples.normal(2, 5, 2, 4);
    Tensor out = samples.out(2, 3, 2, 4);
    Tensor q = samples.tensor(samples.normal(2, 3, 2, 4), 2, 3, 2, 4);
    Tensor k = samples.tensor(samples.normal(2, 5, 2, 4), 2, 5, 2, 4);
    Tensor mask = Tensor.full(DType.FLOAT32, -1e9, 2, 1, 1, 5);

    kernels().attention(q, k, samples.tensor(v, 2, 5, 2, 4), 1, mask, null, null, out);

    double[] uniform = new double[2 * 2 * 3 * 5];
    Arrays.fill(uniform, 1.0 / 5);
    samples.assertClose(mixed(uniform, v, s), out, 1e-6, 1e-6);
  }

  @Test
  default void attention_positionMasked_hasNoWeightAtAll() {
    Samples samples = new Samples(DType.FLOAT32);
    Tensor mask = samples.tensor(new double[] {0, -1e9, 0}, 1, 1, 1, 3);
    double[] v = samples.normal(1, 3, 1, 2);
    v[2] = 1e30;
    v[3] = -1e30;
    Tensor out = samples.out(1, 1, 1, 2);
    Tensor zeros = Tensor.zeros(DType.FLOAT32, 1, 1, 1, 2);
    Tensor k = samples.tensor(samples.normal(1, 3, 1, 2), 1, 3, 1, 2);

    kernels().attention(zeros, k, samples.tensor(v, 1, 3, 1, 2), 1, mask, null, null, out);

    samples.assertClose(new double[] {(v[0] + v[4]) / 2, (v[1] + v[5]) / 2}, out, 1e-6, 1e-6);
  }

  @ParameterizedTest
  @MethodSource("heads")
  default void attentionGradient_sizes_matchesLoops(
      Samples samples, int B, int T, int S, int H, int D) {
    int[] s = {B, T, S, H, D};
    double[] q = samples.normal(B, T, H, D);
    double[] k = samples.normal(B, S, H, D);
    double[] v = samples.normal(B, S, H, D);
    double[] g = samples.normal(B, T, H, D);
    double[] p = weights(q, k, 0.3, null, s);
    Tensor[] d = {samples.out(B, T, H, D), samples.out(B, S, H, D), samples.out(B, S, H, D)};

    kernels()
        .attentionGradient(
            samples.tensor(q, B, T, H, D),
            samples.tensor(k, B, S, H, D),
            samples.tensor(v, B, S, H, D),
            0.3,
            samples.tensor(p, B, H, T, S),
            null,
            samples.tensor(g, B, T, H, D),
            d);

    double[] dp = dot(g, v, s);
    double[] ds = Loops.map(Loops.softmaxGradient(p, dp, S), x -> 0.3 * x);
    int[] swapped = {B, S, T, H, D};
    samples.assertClose(mixed(ds, k, s), d[0], 1e-5, 1e-12);
    samples.assertClose(mixed(turned(ds, T, S), q, swapped), d[1], 1e-5, 1e-12);
    samples.assertClose(mixed(turned(p, T, S), g, swapped), d[2], 1e-5, 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "1, 4", "3, 4"})
  default void attentionGradient_positionsOfLongerTensors_isThatOfCopies(int T, int S) {
    Samples samples = new Samples(DType.FLOAT32);
    Tensor q = samples.tensor(samples.normal(2, 6, 3, 8), 2, 6, 3, 8).narrow(1, 1, T);
    Tensor k = samples.tensor(samples.normal(2, 6, 3, 8), 2, 6, 3, 8).narrow(1, 2, S);
    Tensor v = samples.tensor(samples.normal(2, 7, 3, 8), 2, 7, 3, 8).narrow(1, 0, S);
    Tensor g = samples.tensor(samples.normal(2, T, 3, 8), 2, T, 3, 8);
    Tensor p = samples.tensor(samples.normal(2, 3, T, S), 2, 3, T, S);
    Tensor[] ofViews = {samples.out(2, T, 3, 8), samples.out(2, S, 3, 8), samples.out(2, S, 3, 8)};
    Tensor[] ofCopies = {samples.out(2, T, 3, 8), samples.out(2, S, 3, 8), samples.out(2, S, 3, 8)};

    kernels().attentionGradient(q, k, v, 0.3, p, null, g, ofViews);
    kernels().attentionGradient(q.copy(), k.copy(), v.copy(), 0.3, p, null, g, ofCopies);

    for (int i = 0; i < 3; i++) {
      Samples.assertClose("gradient " + i, ofCopies[i].toDoubles(), ofViews[i], 1e-6);
    }
  }

  /** The last two axes of [B, H, T, S] exchanged. */
  private static double[] turned(double[] x, int T, int S) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i / (T * S) * T * S + i % S * T + i / S % T] = x[i];
    }
    return out;
  }

  private static double[] weights(
      double[] q, double[] k, double scale, double @Nullable [] mask, int[] s) {
    double[] scores = Loops.map(dot(q, k, s), x -> scale * x);
    double[] added = mask == null ? scores : Loops.zip(scores, mask, Double::sum);
    return Loops.softmax(added, s[2]);
  }

  /** q k^T of each head: [B, T, H, D] and [B, S, H, D] to [B, H, T, S]. */
  private static double[] dot(double[] q, double[] k, int[] s) {
    int T = s[1];
    int S = s[2];
    int H = s[3];
    int D = s[4];
    double[] out = new double[s[0] * H * T * S];
    for (int i = 0; i < out.length; i++) {
      int b = i / (H * T * S);
      int h = i / (T * S) % H;
      for (int d = 0; d < D; d++) {
        out[i] += q[((b * T + i / S % T) * H + h) * D + d] * k[((b * S + i % S) * H + h) * D + d];
      }
    }
    return out;
  }

  /** p v of each head: [B, H, T, S] and [B, S, H, D] to [B, T, H, D]. */
  private static double[] mixed(double[] p, double[] v, int[] s) {
    int T = s[1];
    int S = s[2];
    int H = s[3];
    int D = s[4];
    double[] out = new double[s[0] * T * H * D];
    for (int i = 0; i < p.length; i++) {
      int b = i / (H * T * S);
      int h = i / (T * S) % H;
      for (int d = 0; d < D; d++) {
        out[((b * T + i / S % T) * H + h) * D + d] += p[i] * v[((b * S + i % S) * H + h) * D + d];
      }
    }
    return out;
  }
}
