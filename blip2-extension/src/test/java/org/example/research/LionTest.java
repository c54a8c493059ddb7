package org.example.research;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The optimiser of one's own against a loop. */
final class LionTest {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.99;

  @Test
  void step_threeTimes_matchesALoop() {
    Random random = new Random(3);
    double[] x = random.doubles(24, -1, 1).toArray();
    double[] m = new double[24];
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      Params params = Params.root(Weights.random(random), home);
      Parameter parameter = params.get("w", Shape.of(4, 6), (shape, r) -> tensor(x));
      Parameter still = params.get("still", Shape.of(1), (shape, r) -> Tensor.of(new float[] {2}));
      parameter.train();
      still.train();
      var group = new ParameterGroup(List.of(parameter, still), 0.5, 0.1);
      try (var lion = new Lion(List.of(group), BETA1, BETA2)) {
        for (int step = 1; step <= 3; step++) {
          double[] g = random.doubles(24, -1, 1).toArray();
          g[5] = 0;
          parameter.value().backward(tensor(g));

          lion.step(0.02 * step, 0.25);
          lion.clearGradients();

          loop(x, m, g, 0.01 * step);
        }

        assertArrayEquals(x, parameter.value().toDoubles(), 1e-6);
        assertArrayEquals(m, requireNonNull(lion.state().get("m.w")).toDoubles(), 1e-7);
        assertEquals(3, requireNonNull(lion.state().get("step.w")).item());
        assertEquals(
            0, requireNonNull(lion.state().get("step.still")).item(), "it has no gradient");
        assertEquals(2, still.value().toFloats()[0]);
      }
    }
  }

  private static Tensor tensor(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return Tensor.of(floats, 4, 6);
  }

  private static void loop(double[] x, double[] m, double[] gradient, double lr) {
    for (int i = 0; i < x.length; i++) {
      double g = 0.25 * gradient[i];
      x[i] = x[i] * (1 - lr * 0.1) - lr * Math.signum(BETA1 * m[i] + (1 - BETA1) * g);
      m[i] = BETA2 * m[i] + (1 - BETA2) * g;
    }
  }
}
