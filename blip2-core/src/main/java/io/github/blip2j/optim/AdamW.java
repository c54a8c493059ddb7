package io.github.blip2j.optim;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in {@code torch.optim.AdamW}:
 * in float32, with the decay before the step and bias correction of both means.
 *
 * <p>It keeps eight bytes for each trained number, allocated at once, so a machine without enough
 * memory fails before the first step. A parameter without a gradient is not updated or decayed, and
 * steps are counted for each parameter.
 */
public final class AdamW implements AutoCloseable {
  /** Reads one tensor of a saved state into the current scope. */
  @FunctionalInterface
  public interface StateSource {
    /** The tensor of this name, which has this type and shape. */
    Tensor read(String name, DType dtype, Shape shape) throws IOException;
  }

  private static final class Slot {
    final Parameter parameter;
    final ParameterGroup group;
    final Tensor m;
    final Tensor v;
    long steps;

    Slot(Parameter parameter, ParameterGroup group, Scope home) {
      this.parameter = parameter;
      this.group = group;
      this.m = zerosLike(parameter, home);
      this.v = zerosLike(parameter, home);
    }

    private static Tensor zerosLike(Parameter parameter, Scope home) {
      return home.adopt(Tensor.zerosLike(parameter.value()));
    }
  }

  private final AdamWRule rule;
  private final Scope home = Scope.detached();
  private final Map<String, Slot> slots = new LinkedHashMap<>();

  /**
   * An optimiser that has taken no step.
   *
   * @throws IllegalArgumentException if a parameter is frozen or in two groups
   */
  public AdamW(List<ParameterGroup> groups, AdamWRule rule) {
    this.rule = rule;
    boolean made = false;
    try (Scope scope = Scope.open()) {
      groups.forEach(group -> group.parameters().forEach(parameter -> add(parameter, group)));
      made = true;
    } finally {
      if (!made) {
        home.close();
      }
    }
  }

  private void add(Parameter parameter, ParameterGroup group) {
    if (!parameter.isTrained()) {
      throw new IllegalArgumentException(
          "adamW: parameters expected to be trained, got "
              + parameter.name()
              + ", which is frozen");
    }
    if (slots.put(parameter.name(), new Slot(parameter, group, home)) != null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "adamW: parameters expected in one group each, got %s twice",
              parameter.name()));
    }
  }

  /** The trained parameters, in the order of the groups. */
  public List<Parameter> parameters() {
    return slots.values().stream().map(slot -> slot.parameter).toList();
  }

  /**
   * Euclidean length of all gradients together, as one vector; it is finite exactly if every number
   * in them is.
   */
  public double gradientNorm() {
    List<Tensor> gradients = new ArrayList<>();
    for (Slot slot : slots.values()) {
      Tensor gradient = slot.parameter.gradient();
      if (gradient != null) {
        gradients.add(gradient);
      }
    }
    double sum = 0;
    for (double squares : Tensor.squaredNorms(gradients)) {
      sum += squares;
    }
    return Math.sqrt(sum);
  }

  /**
   * Updates every parameter that has a gradient.
   *
   * @param lr learning rate, which each group scales
   * @param gradientScale factor of the gradients; 1 unless they are clipped
   */
  public void step(double lr, double gradientScale) {
    try (var off = GradMode.noGrad()) {
      for (Slot slot : slots.values()) {
        Tensor gradient = slot.parameter.gradient();
        if (gradient != null) {
          slot.steps++;
          double rate = lr * slot.group.lrScale();
          var step = new AdamWRule.Step(slot.steps, rate, slot.group.weightDecay(), gradientScale);
          slot.parameter.value().adamWInPlace(rule, step, gradient, slot.m, slot.v);
        }
      }
    }
  }

  /** Clears all gradients. */
  public void clearGradients() {
    slots.values().forEach(slot -> slot.parameter.clearGradient());
  }

  /**
   * The state, to be saved: {@code m.NAME} and {@code v.NAME}, float32 as their parameter is
   * shaped, and {@code step.NAME}, a scalar int64. Both means are the optimiser's own memory, the
   * counts belong to the current scope.
   */
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    slots.forEach(
        (name, slot) -> {
          state.put("m." + name, slot.m);
          state.put("v." + name, slot.v);
          state.put("step." + name, Tensor.of(new long[] {slot.steps}));
        });
    return state;
  }

  /** Restores a state of {@link #state}, bit for bit. */
  public void restore(StateSource source) throws IOException {
    for (Map.Entry<String, Slot> entry : slots.entrySet()) {
      Slot slot = entry.getValue();
      try (Scope scope = Scope.open(slot.m.backend())) {
        slot.m.copyInPlace(source.read("m." + entry.getKey(), DType.FLOAT32, slot.m.shape()));
        slot.v.copyInPlace(source.read("v." + entry.getKey(), DType.FLOAT32, slot.v.shape()));
        slot.steps = (long) source.read("step." + entry.getKey(), DType.INT64, Shape.of()).item();
      }
    }
  }

  /** Releases the state. */
  @Override
  public void close() {
    home.close();
  }
}
