package io.github.blip2j.backend;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Embeddings and cross-entropy against loops. */
interface LookupConformance {
  Kernels kernels();

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void gather_repeatedIds_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    for (int C : new int[] {1, 7, 64}) {
      double[] table = samples.normal(11, C);
      long[] ids = {10, 0, 3, 3, 0, 7};
      Tensor out = samples.out(2, 3, C);

      kernels().gather(samples.tensor(table, 11, C), Tensor.of(ids, 2, 3), out);

      samples.assertClose(rows(table, ids, C), out, 0, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "FLOAT16"})
  default void gather_tableStoredNarrow_isWidened(DType stored) {
    Samples samples = new Samples(DType.FLOAT32);
    double[] table = samples.coarse(5, 33);
    long[] ids = {4, 1, 1};
    Tensor out = samples.out(3, 33);

    kernels().gather(samples.tensor(table, 5, 33).to(stored), Tensor.of(ids, 3), out);

    samples.assertClose(rows(table, ids, 33), out, 0, 0);
  }

  private static double[] rows(double[] table, long[] ids, int C) {
    double[] out = new double[ids.length * C];
    for (int i = 0; i < out.length; i++) {
      out[i] = table[(int) ids[i / C] * C + i % C];
    }
    return out;
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void scatterAdd_repeatedIds_addsEachUse(DType type) {
    Samples samples = new Samples(type);
    for (int C : new int[] {1, 5, 65, 4100}) {
      double[] table = samples.normal(6, C);
      long[] ids = {5, 2, 2, 0, 2, 5};
      double[] g = samples.normal(3, 2, C);
      Tensor target = samples.tensor(table, 6, C);

      kernels().scatterAdd(target, Tensor.of(ids, 3, 2), samples.tensor(g, 3, 2, C));

      double[] expected = table.clone();
      for (int i = 0; i < g.length; i++) {
        expected[(int) ids[i / C] * C + i % C] += g[i];
      }
      samples.assertClose(expected, target, 1e-6, 1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void crossEntropy_smoothingAndIgnoredRows_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    int[][] sizes = {{1, 2}, {2, 7}, {5, 33}, {33, 130}};
    for (int[] size : sizes) {
      for (double smoothing : new double[] {0, 0.1}) {
        int M = size[0];
        int V = size[1];
        double[] x = samples.normal(M, V);
        double[] g = samples.normal(M);
        long[] labels = samples.below(V, M);
        labels[M / 2] = M == 1 ? labels[0] : -100;
        Tensor loss = samples.out(M);
        Tensor dx = samples.out(M, V);
        Tensor logits = samples.tensor(x, M, V);
        Tensor classes = Tensor.of(labels, M);

        kernels().crossEntropy(logits, classes, smoothing, loss);
        kernels().crossEntropyGradient(logits, classes, smoothing, samples.tensor(g, M), dx);

        double[] p = Loops.softmax(x, V);
        double[] expectedLoss = new double[M];
        double[] expectedGradient = new double[M * V];
        for (int i = 0; i < p.length; i++) {
          int row = i / V;
          double target = smoothing / V + (labels[row] == i % V ? 1 - smoothing : 0);
          expectedLoss[row] -= labels[row] < 0 ? 0 : target * Math.log(p[i]);
          expectedGradient[i] = labels[row] < 0 ? 0 : g[row] * (p[i] - target);
        }
        samples.assertClose(expectedLoss, loss, 1e-5, 1e-12);
        samples.assertClose(expectedGradient, dx, 1e-5, 1e-12);
      }
    }
  }

  @Test
  default void crossEntropy_confidentLogits_keepsSmallLosses() {
    Tensor logits = Tensor.of(new double[] {30, 0, 0, 0, 30, 0}, 2, 3);
    Tensor loss = Tensor.zeros(DType.FLOAT64, 2);

    kernels().crossEntropy(logits, Tensor.of(new long[] {0, 0}, 2), 0, loss);

    double small = Math.log1p(2 * Math.exp(-30));
    Samples.assertClose("loss", new double[] {small, 30 + small}, loss, 1e-14);
  }
}
