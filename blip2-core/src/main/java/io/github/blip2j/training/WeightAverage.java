package io.github.blip2j.training;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An exponential moving average (EMA) of the trained parameters (Polyak and Juditsky 1992), which
 * often generalises better than the last of them.
 *
 * <p>After update {@code t}, counted from 1, each average moves by {@code average = d average + (1
 * - d) weight} with {@code d = min(decay, (1 + t) / (10 + t))}, as in TensorFlow's {@code
 * ExponentialMovingAverage}. Without the second term short runs would average little but the
 * weights of the start.
 *
 * <p>Averages are float32 and take as much memory as the trained parameters. A {@link Trainer} with
 * one keeps it in its checkpoints, under {@code ema.NAME}.
 */
public final class WeightAverage implements AutoCloseable {
  private final double decay;
  private final List<Parameter> parameters;
  private final Map<String, Tensor> averages = new LinkedHashMap<>();
  private final Scope home = Scope.detached();
  private boolean swapped;

  private WeightAverage(List<Parameter> parameters, double decay) {
    this.parameters = parameters;
    this.decay = decay;
  }

  /**
   * An average of an optimizer's parameters, which begins with their present values.
   *
   * @param decay the largest share of the old average in the new one, such as 0.999
   * @throws IllegalArgumentException if it is not between 0 and 1
   */
  public static WeightAverage of(Optimizer optimizer, double decay) {
    if (!(decay > 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "average of weights: decay expected above 0 and below 1, got " + decay);
    }
    var average = new WeightAverage(optimizer.parameters(), decay);
    for (Parameter parameter : average.parameters) {
      Tensor value = parameter.value();
      try (Scope scope = Scope.open(value.backend())) {
        average.averages.put(
            parameter.name(), average.home.adopt(value.detach().copy())); // its own memory
      }
    }
    return average;
  }

  /** The largest share of the old average in the new one. */
  public double decay() {
    return decay;
  }

  /** The share of the old average after an update. */
  double decayAt(long step) {
    return Math.min(decay, (1.0 + step) / (10.0 + step));
  }

  /**
   * Moves the averages towards the parameters after an update. {@link Trainer} calls it; a loop of
   * one's own does so too.
   *
   * @param step the number of updates so far, from 1
   */
  public void update(long step) {
    requireApart();
    double kept = decayAt(step);
    try (var off = GradMode.noGrad()) {
      for (Parameter parameter : parameters) {
        Tensor value = parameter.value();
        try (Scope scope = Scope.open(value.backend())) {
          Tensor average = of(parameter);
          average.scaleInPlace(kept);
          average.addInPlace(value.detach().mul(1 - kept));
        }
      }
    }
  }

  /** The averages by the names of their parameters: this object's own memory. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(averages);
  }

  /**
   * Puts the averages into the model, to validate or export it, until the result is closed. The
   * weights are kept meanwhile, to the bit; nothing may be trained or saved.
   *
   * @throws IllegalStateException if they are there already
   */
  public Swap swapIn() {
    requireApart();
    exchange();
    swapped = true;
    return new Swap();
  }

  /** Averages in place of the weights, until it is closed. */
  public final class Swap implements AutoCloseable {
    private boolean open = true;

    private Swap() {}

    /** Puts the weights back. */
    @Override
    public void close() {
      if (open) {
        open = false;
        swapped = false;
        exchange();
      }
    }
  }

  /** Checks that weights and averages are in their own places. */
  void requireApart() {
    if (swapped) {
      throw new IllegalStateException(
          "average of weights: weights expected in the model, got their averages; close the swap"
              + " first");
    }
  }

  private void exchange() {
    try (var off = GradMode.noGrad()) {
      for (Parameter parameter : parameters) {
        Tensor value = parameter.value();
        Tensor average = of(parameter);
        try (Scope scope = Scope.open(value.backend())) {
          Tensor weight = value.detach().copy();
          value.copyInPlace(average);
          average.copyInPlace(weight);
        }
      }
    }
  }

  private Tensor of(Parameter parameter) {
    Tensor average = averages.get(parameter.name());
    if (average == null) {
      throw new AssertionError("every parameter has an average");
    }
    return average;
  }

  /** Releases the averages. */
  @Override
  public void close() {
    home.close();
  }
}
