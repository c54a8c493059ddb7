package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Shape;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** What the kernels should compute, as plain loops in double over row-major arrays. */
public final class Loops {
  private Loops() {}

  /** [m, k] times [k, n]. */
  public static double[] product(double[] a, double[] b, int m, int k, int n) {
    double[] out = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int p = 0; p < k; p++) {
        for (int j = 0; j < n; j++) {
          out[i * n + j] += a[i * k + p] * b[p * n + j];
        }
      }
    }
    return out;
  }

  /** The nearest bfloat16 numbers, of two as near the one with an even last bit. */
  public static double[] bfloat16(double[] x) {
    return map(
        x,
        value -> {
          int bits = Float.floatToRawIntBits((float) value);
          int up = 0x7FFF + (bits >>> 16 & 1);
          return Float.intBitsToFloat(bits + up & 0xFFFF0000);
        });
  }

  /** Rows and columns of [rows, columns] exchanged. */
  public static double[] transposed(double[] a, int rows, int columns) {
    double[] out = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      out[i % columns * rows + i / columns] = a[i];
    }
    return out;
  }

  public static double[] map(double[] x, DoubleUnaryOperator f) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = f.applyAsDouble(x[i]);
    }
    return out;
  }

  public static double[] zip(double[] x, double[] y, DoubleBinaryOperator f) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = f.applyAsDouble(x[i], y[i]);
    }
    return out;
  }

  /** {@code f(x W^T + b) + r}. */
  public static double[] linear(
      double[] x,
      double[] weight,
      double @Nullable [] bias,
      Activation activation,
      double @Nullable [] residual,
      int rows,
      int inputs,
      int outputs) {
    double[] y = product(x, transposed(weight, outputs, inputs), rows, inputs, outputs);
    for (int i = 0; i < y.length; i++) {
      double sum = bias == null ? y[i] : y[i] + bias[i % outputs];
      y[i] = activation(activation, sum) + (residual == null ? 0 : residual[i]);
    }
    return y;
  }

  /** An activation function. */
  public static double activation(Activation activation, double x) {
    return switch (activation) {
      case IDENTITY -> x;
      case GELU -> x * normalCdf(x);
      case GELU_TANH ->
          x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case QUICK_GELU -> x * sigmoid(1.702 * x);
      case RELU -> Math.max(x, 0);
      case SILU -> x * sigmoid(x);
    };
  }

  static double activationSlope(Activation activation, double x) {
    return switch (activation) {
      case IDENTITY -> 1;
      case GELU -> normalCdf(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> {
        double c = Math.sqrt(2 / Math.PI);
        double t = Math.tanh(c * (x + 0.044715 * x * x * x));
        yield (1 + t) / 2 + x / 2 * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
      }
      case QUICK_GELU -> {
        double s = sigmoid(1.702 * x);
        yield s + 1.702 * x * s * (1 - s);
      }
      case RELU -> x > 0 ? 1 : 0;
      case SILU -> {
        double s = sigmoid(x);
        yield s + x * s * (1 - s);
      }
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double normalCdf(double x) {
    return 0.5 * (1 + erf(x / Math.sqrt(2)));
  }

  /** The series whose terms are all positive (Abramowitz and Stegun 1964, formula 7.1.6). */
  static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 200; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** Softmax of each row of {@code columns} elements. */
  static double[] softmax(double[] x, int columns) {
    double[] y = new double[x.length];
    for (int r = 0; r < x.length; r += columns) {
      double max = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < columns; c++) {
        max = Math.max(max, x[r + c]);
      }
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        y[r + c] = Math.exp(x[r + c] - max);
        sum += y[r + c];
      }
      for (int c = 0; c < columns; c++) {
        y[r + c] /= sum;
      }
    }
    return y;
  }

  /** {@code y (g - Σ g y)} of each row. */
  static double[] softmaxGradient(double[] y, double[] g, int columns) {
    double[] dx = new double[y.length];
    for (int r = 0; r < y.length; r += columns) {
      double dot = 0;
      for (int c = 0; c < columns; c++) {
        dot += g[r + c] * y[r + c];
      }
      for (int c = 0; c < columns; c++) {
        dx[r + c] = y[r + c] * (g[r + c] - dot);
      }
    }
    return dx;
  }

  /** Sums of the rows, or of the columns, of [rows, columns]. */
  public static double[] sum(double[] x, int rows, int columns, boolean overRows) {
    double[] out = new double[overRows ? columns : rows];
    for (int i = 0; i < x.length; i++) {
      out[overRows ? i % columns : i / columns] += x[i];
    }
    return out;
  }

  /** Values of [dims] repeated to fill {@code shape}. */
  static double[] broadcast(double[] x, long[] dims, long[] shape) {
    int count = Math.toIntExact(Shape.of(shape).size());
    double[] out = new double[count];
    for (int i = 0; i < count; i++) {
      int rest = i;
      int from = 0;
      int stride = 1;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        int position = (int) (rest % shape[axis]);
        rest /= (int) shape[axis];
        int own = axis - shape.length + dims.length;
        if (own >= 0) {
          from += dims[own] == 1 ? 0 : position * stride;
          stride *= (int) dims[own];
        }
      }
      out[i] = x[from];
    }
    return out;
  }
}
