package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Normalisations and softmax, forward and gradient, against loops. */
interface NormConformance {
  Kernels kernels();

  /** Rows and columns. */
  static Stream<Arguments> rows() {
    return Samples.ofBothTypes(
        new int[][] {{1, 1}, {1, 7}, {2, 16}, {5, 33}, {33, 65}, {7, 2}, {3, 1408}});
  }

  @ParameterizedTest
  @MethodSource("rows")
  default void layerNorm_forwardAndGradient_matchesLoops(Samples samples, int R, int C) {
    double[] x = samples.normal(R, C);
    double[] gamma = samples.normal(C);
    double[] beta = samples.normal(C);
    double[] g = samples.normal(R, C);
    Tensor out = samples.out(1, R, C);
    Tensor[] d = {samples.out(1, R, C), samples.out(C), samples.out(C)};
    Tensor tx = samples.tensor(x, 1, R, C);
    Tensor scale = samples.tensor(gamma, C);

    kernels().layerNorm(tx, scale, samples.tensor(beta, C), 1e-3, out);
    kernels().layerNormGradient(tx, scale, 1e-3, samples.tensor(g, 1, R, C), d);

    double[] deviation = new double[R];
    double[] normal = normalised(x, R, C, 1e-3, true, deviation);
    samples.assertClose(affine(normal, gamma, beta, C), out, 1e-5, 1e-12);
    double[] dx = normGradient(normal, gamma, g, deviation, R, C, true);
    samples.assertClose(dx, d[0], 2e-5, 1e-11); // divides by deviations down to 0.03
    double[] product = Loops.zip(g, normal, (a, b) -> a * b);
    samples.assertClose(Loops.sum(product, R, C, true), d[1], 1e-5, 1e-12);
    samples.assertClose(Loops.sum(g, R, C, true), d[2], 1e-5, 1e-12);
  }

  @ParameterizedTest
  @MethodSource("rows")
  default void rmsNorm_forwardAndGradient_matchesLoops(Samples samples, int R, int C) {
    double[] x = samples.normal(R, C);
    double[] gamma = samples.normal(C);
    double[] g = samples.normal(R, C);
    Tensor out = samples.out(R, C);
    Tensor[] d = {samples.out(R, C), samples.out(C)};
    Tensor tx = samples.tensor(x, R, C);
    Tensor scale = samples.tensor(gamma, C);

    kernels().rmsNorm(tx, scale, 1e-3, out);
    kernels().rmsNormGradient(tx, scale, 1e-3, samples.tensor(g, R, C), d);

    double[] deviation = new double[R];
    double[] normal = normalised(x, R, C, 1e-3, false, deviation);
    samples.assertClose(affine(normal, gamma, new double[C], C), out, 1e-5, 1e-12);
    double[] dx = normGradient(normal, gamma, g, deviation, R, C, false);
    samples.assertClose(dx, d[0], 2e-5, 1e-11);
    double[] product = Loops.zip(g, normal, (a, b) -> a * b);
    samples.assertClose(Loops.sum(product, R, C, true), d[1], 1e-5, 1e-12);
  }

  @Test
  default void layerNorm_largeMeanSmallDeviation_losesNoMoreThanTheInputDid() {
    Samples samples = new Samples(DType.FLOAT32);
    double[] x = Loops.map(samples.normal(4, 1408), v -> (float) (1e3 + 1e-2 * v));
    double[] ones = Loops.map(new double[1408], v -> 1);
    Tensor out = samples.out(4, 1408);
    Tensor gamma = samples.tensor(ones, 1408);

    kernels()
        .layerNorm(
            samples.tensor(x, 4, 1408), gamma, Tensor.zeros(DType.FLOAT32, 1408), 1e-12, out);

    // A float at 1e3 has steps of 6e-5, and the mean a few half steps of error: 1e-2 deviations.
    // One pass would be off by the whole deviation: x² has steps of 0.06, the variance is 1e-4.
    double[] expected = normalised(x, 4, 1408, 1e-12, true, new double[4]);
    samples.assertClose(expected, out, 1e-2, 1e-2);
  }

  @Test
  default void layerNorm_constantRow_isBeta() {
    for (int width : new int[] {8, 11, 768}) {
      Tensor x = Tensor.full(DType.FLOAT32, 0.1, 2, width);
      Tensor out = Tensor.full(DType.FLOAT32, Double.NaN, 2, width);
      Tensor ones = Tensor.full(DType.FLOAT32, 1, width);

      kernels().layerNorm(x, ones, ones, 1e-5, out);

      // Rounding of the mean, 1e-8, over √eps.
      double[] expected = Loops.map(new double[2 * width], v -> 1);
      Samples.assertClose("layerNorm", expected, out, 1e-4);
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  default void softmax_forwardAndGradient_matchesLoops(Samples samples, int R, int C) {
    double[] x = samples.normal(R, C);
    double[] g = samples.normal(R, C);
    double[] y = Loops.softmax(x, C);
    Tensor out = samples.out(1, R, C);
    Tensor inPlace = samples.tensor(x, R, C);
    Tensor dx = samples.out(R, C);

    kernels().softmax(samples.tensor(x, 1, R, C), out);
    kernels().softmax(inPlace, inPlace);
    kernels().softmaxGradient(samples.tensor(y, R, C), samples.tensor(g, R, C), dx);

    samples.assertClose(y, out, 1e-6, 1e-12);
    samples.assertClose(y, inPlace, 1e-6, 1e-12);
    samples.assertClose(Loops.softmaxGradient(y, g, C), dx, 1e-5, 1e-12);
  }

  @ParameterizedTest
  @MethodSource("rows")
  default void logSoftmax_forwardAndGradient_matchesLoops(Samples samples, int R, int C) {
    double[] x = samples.normal(R, C);
    double[] g = samples.normal(R, C);
    double[] y = Loops.map(Loops.softmax(x, C), Math::log);
    Tensor out = samples.out(R, 1, C);
    Tensor dx = samples.out(R, C);

    kernels().logSoftmax(samples.tensor(x, R, 1, C), out);
    kernels().logSoftmaxGradient(samples.tensor(y, R, C), samples.tensor(g, R, C), dx);

    samples.assertClose(y, out, 1e-5, 1e-12);
    double[] total = Loops.sum(g, R, C, false);
    double[] expected = new double[R * C];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = g[i] - Math.exp(y[i]) * total[i / C];
    }
    samples.assertClose(expected, dx, 1e-5, 1e-12);
  }

  @Test
  default void softmax_largeAndInfiniteScores_staysFinite() {
    double low = Double.NEGATIVE_INFINITY;
    Tensor x =
        Tensor.of(new float[] {1e4f, 1e4f, (float) low, 0, -1e9f, -1e9f, -1e9f, -1e9f}, 2, 4);
    Tensor y = Tensor.full(DType.FLOAT32, Double.NaN, 2, 4);
    Tensor logs = Tensor.full(DType.FLOAT32, Double.NaN, 1, 3);

    kernels().softmax(x, y);
    kernels().logSoftmax(Tensor.of(new float[] {1e4f, 1e4f - 50, 1e4f - 100}, 1, 3), logs);

    double[] expected = {0.5, 0.5, 0, 0, 0.25, 0.25, 0.25, 0.25};
    Samples.assertClose("softmax", expected, y, 1e-7);
    Samples.assertClose("logSoftmax", new double[] {0, -50, -100}, logs, 1e-6);
  }

  @Test
  default void softmax_rankFour_normalisesTheLastAxis() {
    Samples samples = new Samples(DType.FLOAT32);
    double[] x = samples.normal(2, 3, 4, 5);
    Tensor y = samples.out(2, 3, 4, 5);

    kernels().softmax(samples.tensor(x, 2, 3, 4, 5), y);

    samples.assertClose(Loops.softmax(x, 5), y, 1e-6, 1e-12);
    assertEquals(24, y.sum().item(), 1e-5);
  }

  /** (x - mean) / √(variance + eps), or x / √(mean of squares + eps); leaves the roots. */
  private static double[] normalised(
      double[] x, int R, int C, double eps, boolean centred, double[] roots) {
    double[] out = new double[x.length];
    for (int r = 0; r < R; r++) {
      double mean = 0;
      for (int c = 0; centred && c < C; c++) {
        mean += x[r * C + c] / C;
      }
      double variance = 0;
      for (int c = 0; c < C; c++) {
        variance += (x[r * C + c] - mean) * (x[r * C + c] - mean) / C;
      }
      roots[r] = Math.sqrt(variance + eps);
      for (int c = 0; c < C; c++) {
        out[r * C + c] = (x[r * C + c] - mean) / roots[r];
      }
    }
    return out;
  }

  private static double[] affine(double[] normal, double[] gamma, double[] beta, int C) {
    double[] out = new double[normal.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = normal[i] * gamma[i % C] + beta[i % C];
    }
    return out;
  }

  private static double[] normGradient(
      double[] normal, double[] gamma, double[] g, double[] roots, int R, int C, boolean centred) {
    double[] dx = new double[normal.length];
    for (int r = 0; r < R; r++) {
      double mean = 0;
      double along = 0;
      for (int c = 0; c < C; c++) {
        double scaled = g[r * C + c] * gamma[c];
        mean += centred ? scaled / C : 0;
        along += scaled * normal[r * C + c] / C;
      }
      for (int c = 0; c < C; c++) {
        int i = r * C + c;
        dx[i] = (g[i] * gamma[c] - mean - normal[i] * along) / roots[r];
      }
    }
    return dx;
  }
}
