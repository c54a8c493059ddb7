package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class RmsNormTest {
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 0.3}) // the second is large enough that it must be inside the root
  void forward_equalsLoops(double eps) {
    RmsNorm norm = new RmsNorm(5, eps, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 5).add(1); // a mean to be left alone

    Tensor y = norm.forward(x);

    Loops.assertClose("y", normed(x.toDoubles(), eps), y, 1e-5);
  }

  @Test
  void forward_xOfWrongWidth_namesModuleAndBothShapes() {
    RmsNorm norm = new RmsNorm(5, 1e-6, params.at("norm"));
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 4);

    var e = assertThrows(ShapeMismatchException.class, () -> norm.forward(x));

    assertEquals("norm: x expected [..., 5], got [2, 4]", e.getMessage());
  }

  private double[] normed(double[] x, double eps) {
    double[] gamma = Loops.of(Loops.values(params), "weight");
    int dim = gamma.length;
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += dim) {
      double square = 0;
      for (int i = 0; i < dim; i++) {
        square += x[row + i] * x[row + i] / dim;
      }
      for (int i = 0; i < dim; i++) {
        y[row + i] = x[row + i] / Math.sqrt(square + eps) * gamma[i];
      }
    }
    return y;
  }
}
