package io.github.blip2j.training;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.Tensor;
import java.util.Comparator;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Names the parameters with the largest norms, for messages. */
final class Norms {
  private static final int SHOWN = 5;

  private record Norm(String name, double value) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s %.3g", name, value);
    }
  }

  private Norms() {}

  static String ofWeights(Optimizer optimizer) {
    return largest(optimizer, Parameter::value);
  }

  static String ofGradients(Optimizer optimizer) {
    return largest(optimizer, Parameter::gradient);
  }

  private static String largest(Optimizer optimizer, Function<Parameter, @Nullable Tensor> what) {
    // Double's order puts NaN above infinity, and both above every number.
    return optimizer.parameters().stream()
        .map(parameter -> norm(parameter.name(), what.apply(parameter)))
        .sorted(Comparator.comparingDouble(Norm::value).reversed())
        .limit(SHOWN)
        .map(Norm::toString)
        .collect(Collectors.joining(", "));
  }

  private static Norm norm(String name, @Nullable Tensor tensor) {
    return new Norm(name, tensor == null ? 0 : Math.sqrt(tensor.squaredNorm()));
  }
}
