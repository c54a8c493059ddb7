package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Element-wise operations, sums, copies and fills against loops. */
interface ElementConformance {
  Kernels kernels();

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void activation_forwardAndGradient_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    for (Activation activation : Activation.values()) {
      for (int size : new int[] {1, 5, 16, 65, 1000}) {
        double[] x = Loops.map(samples.normal(size), v -> (float) (3 * v));
        double[] g = samples.normal(size);
        Tensor out = samples.out(size);
        Tensor inPlace = samples.tensor(x, size);
        Tensor dx = samples.out(size);

        kernels().activation(activation, samples.tensor(x, size), out);
        kernels().activation(activation, inPlace, inPlace);
        kernels()
            .activationGradient(activation, samples.tensor(x, size), samples.tensor(g, size), dx);

        double[] y = Loops.map(x, v -> Loops.activation(activation, v));
        double[] slope = Loops.map(x, v -> Loops.activationSlope(activation, v));
        samples.assertClose(y, out, 1e-6, 1e-12);
        samples.assertClose(y, inPlace, 1e-6, 1e-12);
        samples.assertClose(Loops.zip(g, slope, (a, b) -> a * b), dx, 2e-6, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  default void activation_farFromZero_isFinite(Activation activation) {
    double[] x = {-1e4, -100, -20, -0.0, 0, 20, 100, 1e4};
    Samples samples = new Samples(DType.FLOAT32);
    Tensor out = samples.out(8);
    Tensor slope = samples.out(8);

    kernels().activation(activation, samples.tensor(x, 8), out);
    kernels()
        .activationGradient(
            activation, samples.tensor(x, 8), Tensor.full(DType.FLOAT32, 1, 8), slope);

    samples.assertClose(Loops.map(x, v -> Loops.activation(activation, v)), out, 1e-6, 1e-12);
    double[] slopes = Loops.map(x, v -> Loops.activationSlope(activation, v));
    samples.assertClose(slopes, slope, 1e-6, 1e-12);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void binary_shapesThatBroadcast_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    long[][][] pairs = {
      {{2, 3, 4, 5}, {2, 3, 4, 5}},
      {{2, 3, 4, 5}, {2, 1, 1, 5}},
      {{2, 3, 4, 5}, {5}},
      {{3, 7}, {3, 1}},
      {{3, 7}, {1, 7}},
      {{3, 7}, {}},
      {{1}, {33}},
      {{3, 1}, {1, 5}},
      {{4, 5}, {2, 3, 1, 1}},
      {{}, {}},
      {{1, 1, 6}, {2, 5, 1}},
      {{2, 3, 4, 5}, {3, 1, 5}}
    };
    for (long[][] pair : pairs) {
      Shape shape = Shape.of(pair[0]).broadcast(Shape.of(pair[1]), "test");
      double[] a = samples.normal(pair[0]);
      double[] b = samples.normal(pair[1]);
      double[] fullA = Loops.broadcast(a, pair[0], shape.toArray());
      double[] fullB = Loops.broadcast(b, pair[1], shape.toArray());
      for (Kernels.Binary op : Kernels.Binary.values()) {
        double[] expected = Loops.zip(fullA, fullB, (x, y) -> apply(op, x, y));
        Tensor out = samples.out(shape.toArray());

        kernels().binary(op, samples.tensor(a, pair[0]), samples.tensor(b, pair[1]), out);

        samples.assertClose(expected, out, 1e-6, 1e-12);
        Tensor target = samples.tensor(fullA, shape.toArray());
        kernels().binary(op, target, samples.tensor(b, pair[1]), target);
        samples.assertClose(expected, target, 1e-6, 1e-12);
      }
    }
  }

  private static double apply(Kernels.Binary op, double x, double y) {
    return switch (op) {
      case ADD -> x + y;
      case SUBTRACT -> x - y;
      case MULTIPLY -> x * y;
      case DIVIDE -> x / y;
    };
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void unary_positiveNumbers_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    for (Kernels.Unary op : Kernels.Unary.values()) {
      for (int size : new int[] {1, 16, 33, 257}) {
        double[] x = Loops.map(samples.normal(size), v -> (float) Math.abs(v) + 0.125f);
        double[] expected =
            Loops.map(
                x,
                v ->
                    switch (op) {
                      case EXP -> Math.exp(v);
                      case LOG -> Math.log(v);
                      case SQRT -> Math.sqrt(v);
                      case TANH -> Math.tanh(v);
                      case SIGN -> Math.signum(v);
                    });
        Tensor out = samples.out(size);
        Tensor inPlace = samples.tensor(x, size);

        kernels().unary(op, samples.tensor(x, size), out);
        kernels().unary(op, inPlace, inPlace);

        samples.assertClose(expected, out, 1e-6, 1e-12);
        samples.assertClose(expected, inPlace, 1e-6, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void unary_sign_isExact(DType type) {
    Samples samples = new Samples(type);
    double[] x = {
      -3, -0.0, 0, 2, Float.MIN_VALUE, -1e-38, Float.MAX_VALUE, Double.NEGATIVE_INFINITY, Double.NaN
    };
    Tensor out = samples.out(x.length);

    kernels().unary(Kernels.Unary.SIGN, samples.tensor(x, x.length), out);

    double[] expected = {-1, 0, 0, 1, 1, -1, 1, -1, 0};
    double[] actual = Loops.map(out.toDoubles(), v -> v + 0.0); // -0 is 0
    assertArrayEquals(expected, actual);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void affine_scalesAndShifts_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    double[][] cases = {{1, 0}, {1, -2.5}, {0.125, 0}, {-3, 0.75}, {0, 4}};
    for (double[] c : cases) {
      double[] x = samples.normal(3, 17);
      double[] expected = Loops.map(x, v -> c[0] * v + c[1]);
      Tensor out = samples.out(3, 17);
      Tensor inPlace = samples.tensor(x, 3, 17);

      kernels().affine(samples.tensor(x, 3, 17), c[0], c[1], out);
      kernels().affine(inPlace, c[0], c[1], inPlace);

      samples.assertClose(expected, out, 1e-6, 1e-12);
      samples.assertClose(expected, inPlace, 1e-6, 1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void sum_rowsAndColumns_matchesLoops(DType type) {
    Samples samples = new Samples(type);
    int[][] sizes = {{1, 1}, {1, 33}, {33, 1}, {5, 7}, {64, 65}, {2, 1000}, {1000, 2}};
    for (int[] size : sizes) {
      double[] x = samples.normal(size[0], size[1]);
      Tensor columns = samples.out(size[1]);
      Tensor rows = samples.out(size[0]);

      kernels().sum(samples.tensor(x, size[0], size[1]), true, columns);
      kernels().sum(samples.tensor(x, size[0], size[1]), false, rows);

      samples.assertClose(Loops.sum(x, size[0], size[1], true), columns, 1e-5, 1e-12);
      samples.assertClose(Loops.sum(x, size[0], size[1], false), rows, 1e-5, 1e-12);
    }
  }

  @Test
  default void sum_millionTenths_losesNothingThatMatters() {
    Tensor row = Tensor.full(DType.FLOAT32, 0.1, 1, 1_000_000);
    Tensor total = Tensor.full(DType.FLOAT32, Double.NaN, 1);
    Tensor down = Tensor.full(DType.FLOAT32, Double.NaN, 1);

    kernels().sum(row, false, total);
    kernels().sum(row.reshape(1_000_000, 1), true, down);

    // A running float ends at 100958, one percent off.
    Samples.assertClose("sum of a row", new double[] {1e5}, total, 1e-4);
    Samples.assertClose("sum of a column", new double[] {1e5}, down, 1e-4);
  }

  @Test
  default void copy_permutedNarrowedAndCast_matchesIndexing() {
    Samples samples = new Samples(DType.FLOAT32);
    double[] x = samples.coarse(3, 4, 5);
    Tensor source = samples.tensor(x, 3, 4, 5).permute(2, 0, 1).narrow(0, 1, 3); // [3, 3, 4]
    double[] expected = new double[3 * 3 * 4];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = x[(i / 4 % 3 * 4 + i % 4) * 5 + i / 12 + 1];
    }
    for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16}) {
      Tensor dense = Tensor.uninitialized("test", type, Shape.of(3, 3, 4));
      Tensor strided = Tensor.zeros(type, 4, 3, 3).permute(1, 2, 0);

      kernels().copy(source, dense);
      kernels().copy(dense, strided);

      Samples.assertClose("dense " + type, expected, dense, 0);
      Samples.assertClose("strided " + type, expected, strided, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  default void affine_byWhatIsNoNumber_givesNone(DType type) {
    Tensor x = Tensor.full(type, 2, 3);

    for (double[] by : new double[][] {{Double.NaN, 0}, {1, Double.NaN}, {2, Double.NaN}}) {
      Tensor out = Tensor.zeros(type, 3);
      kernels().affine(x, by[0], by[1], out);

      for (double value : out.toDoubles()) {
        assertTrue(Double.isNaN(value), () -> "got " + value);
      }
    }
  }

  @Test
  default void fill_partOfTensor_leavesTheRest() {
    Tensor target = Tensor.zeros(DType.FLOAT32, 2, 3);

    kernels().fill(target.narrow(0, 1, 1), 7);

    Samples.assertClose("fill", new double[] {0, 0, 0, 7, 7, 7}, target, 0);
  }
}
