package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.ShapeMismatchException;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class MlpTest {
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
  }

  @Test
  void forward_equalsLoops() {
    Mlp mlp = new Mlp(4, 7, Activation.QUICK_GELU, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 4);
    Tensor residual = NoisyWeights.tensor(new Random(8), 2, 3, 4);

    Tensor alone = mlp.forward(x, null);
    Tensor added = mlp.forward(x, residual);

    Map<String, double[]> values = Loops.values(params);
    double[] hidden = Loops.linear(values, "up", x.toDoubles(), 4);
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] /= 1 + Math.exp(-1.702 * hidden[i]);
    }
    double[] expected = Loops.linear(values, "down", hidden, 7);
    Loops.assertClose("alone", expected, alone, 1e-6);
    Loops.assertClose("added", Loops.sum(expected, residual.toDoubles()), added, 1e-6);
  }

  @Test
  void forward_xOfWrongWidth_namesTheMapThatReadsIt() {
    Mlp mlp = new Mlp(4, 7, Activation.RELU, params.at("mlp"));
    Tensor x = Tensor.zeros(DType.FLOAT32, 2, 7);

    var e = assertThrows(ShapeMismatchException.class, () -> mlp.forward(x, null));

    assertEquals("mlp.up: x expected [..., 4], got [2, 7]", e.getMessage());
    assertEquals("mlp", mlp.path());
  }
}
