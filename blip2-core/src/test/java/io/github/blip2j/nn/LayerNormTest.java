package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class LayerNormTest {
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 0.3}) // the second is large enough that it must be inside the root
  void forward_equalsLoops(double eps) {
    LayerNorm norm = new LayerNorm(5, eps, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 5).add(10);

    Tensor y = norm.forward(x);

    Loops.assertClose("y", normed(x.toDoubles(), eps), y, 1e-5);
  }

  @Test
  void forward_constantRow_isTheShift() {
    LayerNorm norm = new LayerNorm(3, 1e-5, params);

    Tensor y = norm.forward(Tensor.of(new float[] {7, 7, 7}, 1, 3));

    Loops.assertClose("y", Loops.of(Loops.values(params), "bias"), y, 1e-6);
  }

  @Test
  void forward_xOfWrongWidth_namesModuleAndBothShapes() {
    LayerNorm norm = new LayerNorm(5, 1e-5, params.at("visionNorm"));
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 4);

    var e = assertThrows(ShapeMismatchException.class, () -> norm.forward(x));

    assertEquals("visionNorm: x expected [..., 5], got [2, 4]", e.getMessage());
  }

  private double[] normed(double[] x, double eps) {
    Map<String, double[]> values = Loops.values(params);
    double[] gamma = Loops.of(values, "weight");
    double[] beta = Loops.of(values, "bias");
    int dim = gamma.length;
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += dim) {
      double mean = 0;
      double variance = 0;
      for (int i = 0; i < dim; i++) {
        mean += x[row + i] / dim;
      }
      for (int i = 0; i < dim; i++) {
        variance += (x[row + i] - mean) * (x[row + i] - mean) / dim;
      }
      for (int i = 0; i < dim; i++) {
        y[row + i] = (x[row + i] - mean) / Math.sqrt(variance + eps) * gamma[i] + beta[i];
      }
    }
    return y;
  }
}
