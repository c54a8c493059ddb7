package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.Samples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Compares gradients with central finite differences.
 *
 * <p>The loss is the sum of the function's output times fixed random numbers, so that no part of
 * the Jacobian can hide. Inputs are float64: in float32 the differences themselves are wrong.
 */
public final class GradCheck {
  private static final double STEP = 1e-5; // balances the h² of the formula with the 1e-16 / h
  private static final double TOLERANCE = 1e-6;

  private GradCheck() {}

  /**
   * Checks the gradient of every input of {@code function}, each element by two evaluations. Needs
   * an open scope.
   *
   * @param inputs float64, dense; they are changed meanwhile and restored
   */
  public static void check(Function<List<Tensor>, Tensor> function, Tensor... inputs) {
    List<double[]> gradients = gradients(function, inputs);
    for (int i = 0; i < inputs.length; i++) {
      double[] expected = differences(function, inputs, i);
      Samples.assertClose(
          "gradient of input " + i, expected, like(inputs[i], gradients.get(i)), TOLERANCE);
    }
  }

  private static List<double[]> gradients(
      Function<List<Tensor>, Tensor> function, Tensor... inputs) {
    double[][] found = new double[inputs.length][];
    try (Scope scope = Scope.open()) {
      List<Tensor> leaves = new ArrayList<>();
      for (int i = 0; i < inputs.length; i++) {
        int index = i;
        leaves.add(
            inputs[i].leaf(
                gradient -> {
                  if (!gradient.shape().equals(inputs[index].shape())) {
                    fail("gradient of input " + index + " has shape " + gradient.shape());
                  }
                  found[index] = gradient.toDoubles();
                }));
      }
      Tensor output = function.apply(leaves);
      output.backward(projection(output));
    }
    for (double[] gradient : found) {
      assertNotNull(gradient, "an input got no gradient");
    }
    return Arrays.asList(found);
  }

  private static double[] differences(
      Function<List<Tensor>, Tensor> function, Tensor[] inputs, int which) {
    Tensor input = inputs[which];
    double[] values = input.toDoubles();
    double[] slopes = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double value = values[i];
      values[i] = value + STEP;
      double above = loss(function, inputs, which, values);
      values[i] = value - STEP;
      double below = loss(function, inputs, which, values);
      values[i] = value;
      slopes[i] = (above - below) / (2 * STEP);
    }
    return slopes;
  }

  private static double loss(
      Function<List<Tensor>, Tensor> function, Tensor[] inputs, int which, double[] values) {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      List<Tensor> changed = new ArrayList<>(List.of(inputs));
      changed.set(which, like(inputs[which], values));
      Tensor output = function.apply(changed);
      double[] weights = projection(output).toDoubles();
      double[] got = output.toDoubles();
      double sum = 0;
      for (int i = 0; i < got.length; i++) {
        sum += weights[i] * got[i];
      }
      return sum;
    }
  }

  private static Tensor like(Tensor tensor, double[] values) {
    return Tensor.of(values, tensor.shape().toArray());
  }

  private static Tensor projection(Tensor output) {
    Random random = new Random(output.size());
    double[] weights = random.doubles(output.size(), -1, 1).toArray();
    return Tensor.of(weights, output.shape().toArray());
  }
}
