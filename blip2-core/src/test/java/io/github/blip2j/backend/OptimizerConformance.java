package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step of AdamW, and the norm of a gradient, against loops. */
interface OptimizerConformance {
  Kernels kernels();

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 2049, (1 << 19) + 5})
  default void adamW_threeSteps_matchesLoops(int size) {
    Samples samples = new Samples(DType.FLOAT32);
    AdamWRule rule = new AdamWRule(0.9, 0.98, 1e-8);
    double[] x = samples.normal(size);
    double[] m = new double[size];
    double[] v = new double[size];
    Tensor parameter = samples.tensor(x, size);
    Tensor mean = samples.tensor(m, size);
    Tensor square = samples.tensor(v, size);

    for (int number = 1; number <= 3; number++) {
      double[] g = samples.normal(size);
      AdamWRule.Step step = new AdamWRule.Step(number, 0.01 * number, 0.05, 0.25);
      Tensor gradient = samples.tensor(g, size);
      kernels().adamW(rule, step, parameter, gradient, mean, square);
      adamW(rule, step, x, g, m, v);
      Samples.assertClose("gradient", g, gradient, 0);
    }

    Samples.assertClose("parameter", x, parameter, 1e-6);
    Samples.assertClose("mean", m, mean, 1e-6);
    Samples.assertClose("square", v, square, 1e-6);
  }

  private static void adamW(
      AdamWRule rule, AdamWRule.Step step, double[] x, double[] g, double[] m, double[] v) {
    for (int i = 0; i < x.length; i++) {
      double gradient = g[i] * step.gradientScale();
      m[i] = rule.beta1() * m[i] + (1 - rule.beta1()) * gradient;
      v[i] = rule.beta2() * v[i] + (1 - rule.beta2()) * gradient * gradient;
      double mean = m[i] / (1 - Math.pow(rule.beta1(), (double) step.number()));
      double square = v[i] / (1 - Math.pow(rule.beta2(), (double) step.number()));
      x[i] -= step.lr() * step.weightDecay() * x[i];
      x[i] -= step.lr() * mean / (Math.sqrt(square) + rule.eps());
    }
  }

  @Test
  default void adamW_partOfMemory_leavesTheRest() {
    Tensor all = Tensor.full(DType.FLOAT32, 1, 3, 2);
    Tensor state = Tensor.zeros(DType.FLOAT32, 4, 2);
    AdamWRule.Step step = new AdamWRule.Step(1, 0.5, 0, 1);
    Tensor gradient = Tensor.full(DType.FLOAT32, 3, 1, 2);

    kernels()
        .adamW(
            new AdamWRule(0.9, 0.999, 1e-8),
            step,
            all.narrow(0, 1, 1),
            gradient,
            state.narrow(0, 0, 1),
            state.narrow(0, 2, 1));

    assertArrayEquals(new float[] {1, 1, 0.5f, 0.5f, 1, 1}, all.toFloats(), 1e-6f);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 2049, (1 << 19) + 5})
  default void squaredNorm_matchesLoop(int size) {
    Samples samples = new Samples(DType.FLOAT32);
    double[] x = samples.normal(size);
    double expected = 0;
    for (double value : x) {
      expected += value * value;
    }

    double actual = kernels().squaredNorm(samples.tensor(x, size));

    assertEquals(expected, actual, 1e-12 * expected);
  }

  @Test
  default void squaredNorm_largestFloats_isFinite() {
    Tensor x = Tensor.full(DType.FLOAT32, Float.MAX_VALUE, 100);

    assertEquals(100.0 * Float.MAX_VALUE * Float.MAX_VALUE, kernels().squaredNorm(x), 1e70);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  default void squaredNorm_oneElementNotFinite_isNotFinite(float bad) {
    for (int at : new int[] {0, 5, 2048, 2999}) {
      float[] values = new float[3000];
      values[at] = bad;

      assertFalse(Double.isFinite(kernels().squaredNorm(Tensor.of(values, 3000))));
    }
  }
}
