package io.github.blip2j.backend;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products against loops. */
interface MatrixConformance {
  Kernels kernels();

  /** Rows, inputs, outputs. */
  static Stream<Arguments> layers() {
    return Samples.ofBothTypes(
        new int[][] {
          {1, 1, 1},
          {1, 7, 5},
          {2, 16, 64},
          {5, 33, 17},
          {33, 64, 48},
          {17, 65, 1},
          {33, 1, 3},
          {1, 64, 128},
          {7, 130, 66},
          {10, 15, 63},
          {96, 31, 80},
          {129, 20, 300},
          {33, 257, 130}
        });
  }

  @ParameterizedTest
  @MethodSource("layers")
  default void linear_rowsAndWidthsAroundBlocks_matchesLoops(
      Samples samples, int rows, int in, int out) {
    double[] x = samples.normal(rows, in);
    double[] w = samples.normal(out, in);
    double[] expected = Loops.linear(x, w, null, Activation.IDENTITY, null, rows, in, out);
    Tensor tx = samples.tensor(x, rows, in);
    Tensor weight = samples.tensor(w, out, in);
    Tensor y = samples.out(rows, out);

    kernels().linear(tx, weight, null, Activation.IDENTITY, null, y);

    samples.assertClose(expected, y, 1e-5, 1e-12);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void linear_biasActivationResidual_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    for (Activation activation : Activation.values()) {
      for (int rows : new int[] {1, 2, 5, 33}) {
        double[] x = samples.normal(rows, 17);
        double[] w = samples.normal(35, 17);
        double[] b = samples.normal(35);
        double[] r = samples.normal(rows, 35);
        double[] expected = Loops.linear(x, w, b, activation, r, rows, 17, 35);
        Tensor residual = samples.tensor(r, 1, rows, 35);
        Tensor weight = samples.tensor(w, 35, 17);
        Tensor bias = samples.tensor(b, 35);
        Tensor out = samples.out(1, rows, 35);

        kernels().linear(samples.tensor(x, 1, rows, 17), weight, bias, activation, residual, out);
        kernels()
            .linear(samples.tensor(x, 1, rows, 17), weight, bias, activation, residual, residual);

        samples.assertClose(expected, out, 1e-5, 1e-12);
        samples.assertClose(expected, residual, 1e-5, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "FLOAT16"})
  default void linear_weightStoredNarrow_accumulatesInFloat32(DType stored) {
    Samples samples = new Samples(DType.FLOAT32);
    for (int rows : new int[] {1, 2, 33}) {
      double[] x = samples.normal(rows, 300);
      double[] w = samples.coarse(70, 300);
      double[] b = samples.normal(70);
      double[] expected = Loops.linear(x, w, b, Activation.RELU, null, rows, 300, 70);
      Tensor tx = samples.tensor(x, rows, 300);
      Tensor weight = samples.tensor(w, 70, 300).to(stored);
      Tensor out = samples.out(rows, 70);

      kernels().linear(tx, weight, samples.tensor(b, 70), Activation.RELU, null, out);

      samples.assertClose(expected, out, 1e-5, 1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void linears_mapsOfOneInput_matchLoops(DType type) {
    Samples samples = new Samples(type);
    for (int rows : new int[] {1, 3, 70}) {
      double[] x = samples.normal(rows, 33);
      double[] up = samples.normal(20, 33);
      double[] gate = samples.normal(17, 33);
      double[] b = samples.normal(20);
      List<Affine> maps =
          List.of(
              new Affine(samples.tensor(up, 20, 33), samples.tensor(b, 20), Activation.IDENTITY),
              new Affine(samples.tensor(gate, 17, 33), null, Activation.GELU));
      List<Tensor> outs = List.of(samples.out(rows, 20), samples.out(rows, 17));

      kernels().linears(samples.tensor(x, rows, 33), maps, outs);

      double[] first = Loops.linear(x, up, b, Activation.IDENTITY, null, rows, 33, 20);
      samples.assertClose(first, outs.get(0), 1e-5, 1e-12);
      double[] second = Loops.linear(x, gate, null, Activation.GELU, null, rows, 33, 17);
      samples.assertClose(second, outs.get(1), 1e-5, 1e-12);
    }
  }

  @Test
  default void linear_bothFactorsBfloat16_accumulatesInFloat32() {
    Samples samples = new Samples(DType.FLOAT32);
    for (int rows : new int[] {1, 2, 33, 520}) {
      double[] x = samples.normal(rows, 65);
      double[] w = samples.normal(70, 65);
      double[] b = samples.normal(70);
      double[] r = samples.normal(rows, 70);
      double[] expected =
          Loops.linear(Loops.bfloat16(x), Loops.bfloat16(w), b, Activation.GELU, r, rows, 65, 70);
      Tensor narrow = samples.tensor(x, rows, 65).to(DType.BFLOAT16);
      Tensor weight = samples.tensor(w, 70, 65).to(DType.BFLOAT16);
      Tensor bias = samples.tensor(b, 70);
      Tensor residual = samples.tensor(r, rows, 70);
      Tensor out = samples.out(rows, 70);

      kernels().linear(narrow, weight, bias, Activation.GELU, residual, out);
      kernels().linear(narrow, weight, bias, Activation.GELU, residual, residual);

      samples.assertClose(expected, out, 1e-5, 1e-12);
      samples.assertClose(expected, residual, 1e-5, 1e-12);
    }
  }

  /** Rows, inner length, columns. */
  static Stream<Arguments> products() {
    return Samples.ofBothTypes(
        new int[][] {
          {1, 1, 1}, {3, 5, 7}, {1, 16, 9}, {33, 1, 17}, {64, 65, 1}, {1, 40, 80}, {31, 64, 33}
        });
  }

  @ParameterizedTest
  @MethodSource("products")
  default void matmul_everyLayoutOfThreeMatrices_matchesLoops(
      Samples samples, int m, int k, int n) {
    for (int layout = 0; layout < 8; layout++) {
      double[] a = samples.normal(m, k);
      double[] b = samples.normal(k, n);
      Tensor out = laid(samples, new double[m * n], m, n, (layout & 1) != 0);

      kernels()
          .matmul(
              laid(samples, a, m, k, (layout & 2) != 0),
              laid(samples, b, k, n, (layout & 4) != 0),
              out);

      samples.assertClose(Loops.product(a, b, m, k, n), out, 1e-5, 1e-12);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "3,5,7", "33,1,17", "64,65,1", "1,40,80", "31,64,33", "70,300,260"})
  default void matmul_bfloat16EveryLayout_accumulatesInFloat32(int m, int k, int n) {
    Samples samples = new Samples(DType.FLOAT32);
    for (int layout = 0; layout < 4; layout++) {
      double[] a = samples.normal(m, k);
      double[] b = samples.normal(k, n);
      Tensor out = samples.out(m, n);

      kernels()
          .matmul(
              rounded(laid(samples, a, m, k, (layout & 1) != 0)),
              rounded(laid(samples, b, k, n, (layout & 2) != 0)),
              out);

      double[] expected = Loops.product(Loops.bfloat16(a), Loops.bfloat16(b), m, k, n);
      samples.assertClose(expected, out, 1e-5, 1e-12);
    }
  }

  /** The same numbers lying the same way: a cast would make rows of them. */
  private static Tensor rounded(Tensor x) {
    return x.isDense() ? x.to(DType.BFLOAT16) : x.transpose().to(DType.BFLOAT16).transpose();
  }

  private static Tensor laid(
      Samples samples, double[] values, int rows, int columns, boolean swapped) {
    return swapped
        ? samples.tensor(Loops.transposed(values, rows, columns), columns, rows).transpose()
        : samples.tensor(values, rows, columns);
  }

  /** B, T, H, S, D. */
  static Stream<Arguments> batches() {
    return Samples.ofBothTypes(
        new int[][] {
          {2, 3, 4, 5, 7}, {1, 5, 3, 1, 9}, {3, 1, 1, 6, 2}, {1, 1, 2, 16, 17}, {2, 33, 1, 5, 1}
        });
  }

  @ParameterizedTest
  @MethodSource("batches")
  default void matmul_batchesOfHeads_honoursStrides(
      Samples samples, int B, int T, int H, int S, int D) {
    double[] q = samples.normal(B, T, H, D);
    double[] k = samples.normal(B, S, H, D);
    Tensor scores = samples.out(B, T, H, S).permute(0, 2, 1, 3); // [B, H, T, S]

    kernels()
        .matmul(
            samples.tensor(q, B, T, H, D).permute(0, 2, 1, 3),
            samples.tensor(k, B, S, H, D).permute(0, 2, 3, 1),
            scores);

    double[] expected = new double[B * H * T * S];
    for (int i = 0; i < expected.length; i++) {
      int h = i / (T * S) % H;
      int b = i / (T * S * H);
      for (int d = 0; d < D; d++) {
        expected[i] +=
            q[((b * T + i / S % T) * H + h) * D + d] * k[((b * S + i % S) * H + h) * D + d];
      }
    }
    samples.assertClose(expected, scores, 1e-5, 1e-12);
  }

  @Test
  default void matmul_singleRowsFarApart_matchesLoops() {
    Samples samples = new Samples(DType.FLOAT32);
    double[] a = samples.normal(2, 3, 4, 1);
    double[] b = samples.normal(2, 5, 3, 8);
    Tensor out = samples.out(2, 3, 4, 8);

    kernels()
        .matmul(
            samples.tensor(a, 2, 3, 4, 1),
            samples.tensor(b, 2, 5, 3, 8).narrow(1, 2, 1).permute(0, 2, 1, 3),
            out);

    double[] expected = new double[2 * 3 * 4 * 8];
    for (int i = 0; i < expected.length; i++) {
      int h = i / 32 % 3;
      expected[i] = a[i / 8] * b[((i / 96 * 5 + 2) * 3 + h) * 8 + i % 8];
    }
    samples.assertClose(expected, out, 1e-6, 1e-12);
  }

  @Test
  default void matmul_partsOfLargerMatrices_leavesTheRestAlone() {
    Samples samples = new Samples(DType.FLOAT32);
    double[] a = samples.normal(4, 6);
    double[] b = samples.normal(5, 7);
    Tensor target = Tensor.full(DType.FLOAT32, -1, 4, 9);

    kernels()
        .matmul(
            samples.tensor(a, 4, 6).narrow(1, 1, 5).narrow(0, 1, 2),
            samples.tensor(b, 5, 7).narrow(1, 2, 3),
            target.narrow(0, 2, 2).narrow(1, 4, 3));

    double[] expected = new double[4 * 9];
    Arrays.fill(expected, -1);
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 3; j++) {
        double sum = 0;
        for (int p = 0; p < 5; p++) {
          sum += a[(i + 1) * 6 + p + 1] * b[p * 7 + j + 2];
        }
        expected[(i + 2) * 9 + j + 4] = sum;
      }
    }
    samples.assertClose(expected, target, 1e-5, 1e-12);
  }
}
