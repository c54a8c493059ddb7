package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of attention with respect to everything it depends on, by central differences of plain
 * loops in double. Those are exact to 1e-9, so that what is left is the float32 of the gradients.
 */
final class AttentionGradientTest {
  private static final double FLOAT32 = 2e-5;
  private static final double STEP = 1e-5;
  private static final Attention.Config SIZES = Attention.Config.cross(6, 4, 2);
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {1, 1, 0, 1, 0}};

  /** Both ways that attention is computed in. */
  static Stream<ForwardPass> passes() {
    ForwardPass.Observer watcher =
        new ForwardPass.Observer() {
          @Override
          public boolean wantsAttention() {
            return true;
          }
        };
    return Stream.of(ForwardPass.evaluation(), ForwardPass.evaluation().observedBy(watcher));
  }

  @ParameterizedTest
  @MethodSource("passes")
  void backward_agreesWithFiniteDifferences(ForwardPass pass) {
    try (var scope = Scope.open()) {
      Params params = NoisyWeights.params(scope, 5);
      Attention attention = Attention.of(SIZES, params);
      params.all().values().forEach(Parameter::train);
      Random random = new Random(9);
      Tensor[] gradients = new Tensor[2];
      Tensor x = NoisyWeights.tensor(random, 2, 3, 6);
      Tensor context = NoisyWeights.tensor(random, 2, 5, 4);
      Tensor seed = NoisyWeights.tensor(random, 2, 3, 6);

      Tensor mixed =
          attention.attend(
              x.leaf(g -> gradients[0] = g),
              context.leaf(g -> gradients[1] = g),
              Mask.padding(KEEP),
              AttentionOptions.of(pass));
      attention.project(mixed, null).mul(seed).sum().backward();

      Map<String, double[]> values = Loops.values(params);
      values.put("x", x.toDoubles());
      values.put("context", context.toDoubles());
      var loops = new LoopAttention(SIZES, 2, 3, 5, (b, t, s) -> KEEP[b][s] == 1);
      ToDoubleFunction<Map<String, double[]>> loss =
          at ->
              Loops.dot(
                  loops.forward(at, Loops.of(at, "x"), Loops.of(at, "context")), seed.toDoubles());
      assertGradient(loss, values, "x", gradients[0]);
      assertGradient(loss, values, "context", gradients[1]);
      for (Parameter parameter : params.all().values()) {
        assertGradient(loss, values, parameter.name(), parameter.gradient());
      }
      assertEquals(List.of(8, 10), List.of(params.all().size(), values.size()));
    }
  }

  @Test
  void backward_positionBiasThatLearns_agreesWithFiniteDifferences() {
    try (var scope = Scope.open()) {
      Params params = NoisyWeights.params(scope, 5);
      Attention.Config sizes = Attention.Config.ofHeads(6, 2, 4).withoutBias().unscaled();
      Attention attention = Attention.of(sizes, params);
      Random random = new Random(9);
      Tensor[] gradient = new Tensor[1];
      Tensor x = NoisyWeights.tensor(random, 2, 3, 6);
      Tensor bias = NoisyWeights.tensor(random, 1, 2, 3, 3);
      Tensor seed = NoisyWeights.tensor(random, 2, 3, 6);
      Mask mask = Mask.adding(bias.leaf(g -> gradient[0] = g)).and(Mask.causal(3, 3));

      Tensor mixed = attention.attend(x, x, mask, AttentionOptions.of(ForwardPass.evaluation()));
      attention.project(mixed, null).mul(seed).sum().backward();

      Map<String, double[]> values = Loops.values(params);
      values.put("bias", bias.toDoubles());
      ToDoubleFunction<Map<String, double[]>> loss =
          at -> {
            double[] added = Loops.of(at, "bias");
            var loops =
                new LoopAttention(sizes, 2, 3, 3, (b, t, s) -> s <= t)
                    .adding((h, t, s) -> added[(h * 3 + t) * 3 + s]);
            return Loops.dot(loops.forward(at, x.toDoubles(), x.toDoubles()), seed.toDoubles());
          };
      assertGradient(loss, values, "bias", gradient[0]);
    }
  }

  private static void assertGradient(
      ToDoubleFunction<Map<String, double[]>> loss,
      Map<String, double[]> values,
      String name,
      @Nullable Tensor gradient) {
    assertNotNull(gradient, name);
    double[] value = Loops.of(values, name);
    double[] expected = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      double middle = value[i];
      value[i] = middle + STEP;
      double above = loss.applyAsDouble(values);
      value[i] = middle - STEP;
      expected[i] = (above - loss.applyAsDouble(values)) / (2 * STEP);
      value[i] = middle;
    }
    Loops.assertClose(name, expected, gradient, FLOAT32);
  }
}
