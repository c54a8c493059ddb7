package io.github.blip2j.optim;

import io.github.blip2j.nn.Parameter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Parameters with the same hyperparameters.
 *
 * @param parameters the group's members
 * @param lrScale factor of the learning rate
 * @param weightDecay decoupled weight decay: subtracted in a step, times learning rate and value
 */
public record ParameterGroup(List<Parameter> parameters, double lrScale, double weightDecay) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if either is negative or not finite
   */
  public ParameterGroup {
    parameters = List.copyOf(parameters);
    requireNotNegative("lrScale", lrScale);
    requireNotNegative("weightDecay", weightDecay);
  }

  /**
   * The trained ones among these parameters in the groups of LAVIS: vectors and biases do not
   * decay, everything else does, the temperature (a scalar), queries and tables included.
   */
  public static List<ParameterGroup> of(Collection<Parameter> parameters, double weightDecay) {
    return of(parameters, weightDecay, new LayerDecay(1, 0, name -> 1));
  }

  /** Groups with and without weight decay, split further by layer. */
  public static List<ParameterGroup> of(
      Collection<Parameter> parameters, double weightDecay, LayerDecay layers) {
    record Kind(double lrScale, double weightDecay) {}

    Map<Kind, List<Parameter>> kinds = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      if (parameter.isTrained()) {
        double decay = decays(parameter) ? weightDecay : 0;
        Kind kind = new Kind(layers.scale(parameter.name()), decay);
        kinds.computeIfAbsent(kind, k -> new ArrayList<>()).add(parameter);
      }
    }
    return kinds.entrySet().stream()
        .map(e -> new ParameterGroup(e.getValue(), e.getKey().lrScale, e.getKey().weightDecay))
        .toList();
  }

  private static boolean decays(Parameter parameter) {
    return parameter.value().rank() != 1 && !parameter.name().endsWith(".bias");
  }

  private static void requireNotNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "parameterGroup: %s expected at least 0 and finite, got %s",
              name,
              value));
    }
  }
}
