package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class LinearTest {
  private Params params;
  private Tensor x;

  @BeforeEach
  void build(Scope scope) {
    params = NoisyWeights.params(scope, 3);
    x = NoisyWeights.tensor(new Random(7), 2, 3, 5);
  }

  @Test
  void forward_withBias_equalsLoops() {
    Tensor y = new Linear(5, 4, params.at("map")).forward(x);

    y.shape().require("test", "y", 2, 3, 4);
    Loops.assertClose("y", mapped(), y, 1e-6);
  }

  @Test
  void forward_withoutBias_equalsLoops() {
    Tensor y = Linear.withoutBias(5, 4, params.at("map")).forward(x);

    assertEquals(1, params.all().size());
    Loops.assertClose("y", mapped(), y, 1e-6);
  }

  @Test
  void forward_activationAndResidual_areAppliedInThatOrder() {
    Linear map = new Linear(5, 4, params.at("map"));
    Tensor residual = NoisyWeights.tensor(new Random(8), 2, 3, 4);

    Tensor y = map.forward(x, Activation.RELU, residual);

    double[] expected = mapped();
    for (int i = 0; i < expected.length; i++) {
      expected[i] = Math.max(0, expected[i]);
    }
    Loops.assertClose("y", Loops.sum(expected, residual.toDoubles()), y, 1e-6);
    Loops.assertClose("y", expected, map.forward(x, Activation.RELU), 1e-6);
  }

  @Test
  void forward_xOfWrongWidth_namesModuleAndBothShapes() {
    Linear map = new Linear(4, 5, params.at("layers").at(2).at("up"));

    var e = assertThrows(ShapeMismatchException.class, () -> map.forward(x));
    var scalar =
        assertThrows(ShapeMismatchException.class, () -> map.forward(Tensor.of(new float[] {1})));

    assertEquals("layers.2.up: x expected [..., 4], got [2, 3, 5]", e.getMessage());
    assertEquals("layers.2.up: x expected [..., 4], got []", scalar.getMessage());
  }

  private double[] mapped() {
    return Loops.linear(Loops.values(params), "map", x.toDoubles(), 5);
  }
}
