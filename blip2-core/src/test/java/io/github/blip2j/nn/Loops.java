package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.blip2j.tensor.Tensor;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What layers should compute, as plain loops in double over row-major arrays. */
public final class Loops {
  private Loops() {}

  /** The values of every parameter, by path. */
  public static Map<String, double[]> values(Params params) {
    Map<String, double[]> values = new TreeMap<>();
    params.all().forEach((path, parameter) -> values.put(path, parameter.value().toDoubles()));
    return values;
  }

  /** x Wᵀ + b for each row of {@code in} elements, with {@code weight} and {@code bias} of path. */
  public static double[] linear(Map<String, double[]> parameters, String path, double[] x, int in) {
    double[] weight = of(parameters, path + ".weight");
    double @Nullable [] bias = parameters.get(path + ".bias");
    int out = weight.length / in;
    double[] y = new double[x.length / in * out];
    for (int i = 0; i < y.length; i++) {
      double sum = bias == null ? 0 : bias[i % out];
      for (int j = 0; j < in; j++) {
        sum += x[i / out * in + j] * weight[i % out * in + j];
      }
      y[i] = sum;
    }
    return y;
  }

  /** The parameter of this path. */
  static Parameter parameter(Params params, String path) {
    Parameter parameter = params.all().get(path);
    if (parameter == null) {
      throw new AssertionError(path + ": parameter expected, got " + params.all().keySet());
    }
    return parameter;
  }

  public static double[] of(Map<String, double[]> parameters, String path) {
    double[] values = parameters.get(path);
    if (values == null) {
      throw new AssertionError(path + ": parameter expected, got " + parameters.keySet());
    }
    return values;
  }

  /** Sum of the products, as a loss whose gradient with respect to {@code a} is {@code b}. */
  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  public static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < b.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** Compares with a tolerance relative to the largest expected magnitude, or to 1 below it. */
  public static void assertClose(String what, double[] expected, Tensor actual, double tolerance) {
    double[] got = actual.toDoubles();
    assertEquals(expected.length, got.length, what + ": number of elements");
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < got.length; i++) {
      if (!(Math.abs(got[i] - expected[i]) <= tolerance * largest)) {
        fail(
            String.format(
                Locale.ROOT,
                "%s: element %d of %s expected %.9g, got %.9g",
                what,
                i,
                actual.shape(),
                expected[i],
                got[i]));
      }
    }
  }
}
