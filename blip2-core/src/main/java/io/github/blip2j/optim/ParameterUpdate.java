package io.github.blip2j.optim;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Tensor;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an optimiser's formula works on: a parameter, its gradient, its state and its rates. */
public final class ParameterUpdate {
  /** The numbers of an update. */
  record Rates(long number, double lr, double weightDecay, double gradientScale) {}

  private final Parameter parameter;
  private final Rates rates;
  private final Tensor rawGradient;
  private final Map<String, Tensor> state;

  ParameterUpdate(Parameter parameter, Rates rates, Tensor rawGradient, Map<String, Tensor> state) {
    this.parameter = parameter;
    this.rates = rates;
    this.rawGradient = rawGradient;
    this.state = state;
  }

  /** The parameter's name. */
  public String name() {
    return parameter.name();
  }

  /** The parameter, to be changed in place. */
  public Tensor value() {
    return parameter.value();
  }

  /** The gradient, shortened if it is clipped; do not change it in place. */
  public Tensor gradient() {
    return rates.gradientScale == 1 ? rawGradient : rawGradient.mul(rates.gradientScale);
  }

  /** The gradient as it was accumulated, to be multiplied by {@link #gradientScale()}. */
  public Tensor rawGradient() {
    return rawGradient;
  }

  /** The factor of {@link #rawGradient()}. */
  public double gradientScale() {
    return rates.gradientScale;
  }

  /**
   * A tensor of this parameter's state, to be changed in place.
   *
   * @throws IllegalArgumentException if the optimiser has no state of this name
   */
  public Tensor state(String name) {
    @Nullable Tensor tensor = state.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "optimizer: state of %s expected as one of %s, got %s; name it in the constructor",
              parameter.name(),
              state.keySet(),
              name));
    }
    return tensor;
  }

  /** The number of this update of the parameter, from 1. */
  public long number() {
    return rates.number;
  }

  /** The learning rate, scaled by the group. */
  public double lr() {
    return rates.lr;
  }

  /** The group's decoupled weight decay, to be multiplied by the learning rate. */
  public double weightDecay() {
    return rates.weightDecay;
  }
}
