package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.List;
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
  void withoutBias_equalsLoops() {
    Mlp mlp = Mlp.withoutBias(4, 7, Activation.RELU, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 4);

    Tensor y = mlp.forward(x, null);

    assertEquals(List.of("down.weight", "up.weight"), List.copyOf(params.all().keySet()));
    Map<String, double[]> values = Loops.values(params);
    double[] hidden = Loops.linear(values, "up", x.toDoubles(), 4);
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = Math.max(0, hidden[i]);
    }
    Loops.assertClose("y", Loops.linear(values, "down", hidden, 7), y, 1e-6);
  }

  @Test
  void gated_equalsLoops() {
    Mlp mlp = Mlp.gated(4, 7, Activation.SILU, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 4);
    Tensor residual = NoisyWeights.tensor(new Random(8), 2, 3, 4);

    Tensor y = mlp.forward(x, residual);

    assertEquals(
        List.of("down.weight", "gate.weight", "up.weight"), List.copyOf(params.all().keySet()));
    double[] expected = gated(Loops.values(params), x.toDoubles(), new double[0]);
    Loops.assertClose("y", Loops.sum(expected, residual.toDoubles()), y, 1e-6);
  }

  @Test
  void dropout_whileTraining_thinsHiddenLayerThenOutput() {
    Mlp mlp = Mlp.gated(4, 7, Activation.SILU, params);
    Tensor x = NoisyWeights.tensor(new Random(7), 2, 3, 4);
    Tensor residual = NoisyWeights.tensor(new Random(8), 2, 3, 4);
    Dropout dropout = new Dropout(0.4);

    Tensor evaluated = mlp.forward(x, residual, dropout, ForwardPass.evaluation());
    Tensor trained = mlp.forward(x, residual, dropout, ForwardPass.training(new Random(11)));

    Loops.assertClose("evaluated", mlp.forward(x, residual).toDoubles(), evaluated, 0);
    Random draws = new Random(11);
    double[] hidden = factors(42, draws.nextLong());
    double[] output = factors(24, draws.nextLong());
    double[] expected = gated(Loops.values(params), x.toDoubles(), hidden);
    for (int i = 0; i < expected.length; i++) {
      expected[i] *= output[i];
    }
    Loops.assertClose("trained", Loops.sum(expected, residual.toDoubles()), trained, 1e-6);
  }

  private static double[] factors(int count, long seed) {
    return Tensor.full(DType.FLOAT64, 1, count).dropout(new DropoutSpec(0.4, seed)).toDoubles();
  }

  /** The gated perceptron, its hidden layer multiplied by factors if there are any. */
  private static double[] gated(Map<String, double[]> values, double[] x, double[] factors) {
    double[] hidden = Loops.linear(values, "up", x, 4);
    double[] gate = Loops.linear(values, "gate", x, 4);
    for (int i = 0; i < hidden.length; i++) {
      double factor = factors.length == 0 ? 1 : factors[i];
      hidden[i] *= factor * gate[i] / (1 + Math.exp(-gate[i]));
    }
    return Loops.linear(values, "down", hidden, 7);
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
