package io.github.blip2j.optim;

import io.github.blip2j.autograd.GradMode;
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
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * An optimiser that moves each parameter by itself, with float32 state of its own: groups, state
 * tensors, counts of steps, saving and restoring. A subclass adds the formula, {@link #update}.
 *
 * <pre>{@code
 * final class Sgd extends GroupedOptimizer {
 *   Sgd(List<ParameterGroup> groups) {
 *     super("sgd", groups);
 *   }
 *
 *   protected void update(ParameterUpdate it) {
 *     it.value().addInPlace(it.gradient().mul(-it.lr()));
 *   }
 * }
 * }</pre>
 *
 * <p>State starts as zeros and is allocated at once, so a machine without enough memory fails
 * before the first step. A parameter without a gradient is not updated, and steps are counted for
 * each parameter.
 */
public abstract class GroupedOptimizer implements Optimizer {
  private static final String STEP = "step";

  private static final class Slot {
    final Parameter parameter;
    final ParameterGroup group;
    final Map<String, Tensor> state = new LinkedHashMap<>();
    long steps;

    Slot(Parameter parameter, ParameterGroup group) {
      this.parameter = parameter;
      this.group = group;
    }
  }

  private final String name;
  private final Scope home = Scope.detached();
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final List<Parameter> parameters = new ArrayList<>();

  /**
   * An optimiser that has taken no step.
   *
   * @param name the name of the method, which messages and checkpoints carry
   * @param stateNames one tensor each for every parameter, of its shape
   * @throws IllegalArgumentException if there is no parameter, one is frozen or in two groups, or a
   *     name of a state is blank, {@code step} or there twice, or has a dot
   */
  protected GroupedOptimizer(String name, List<ParameterGroup> groups, String... stateNames) {
    this(name, groups, shape -> allOf(name, stateNames, shape));
  }

  /**
   * An optimiser whose state has other shapes than the parameters, such as a mean of each row.
   *
   * @param stateOf from a parameter's shape to the shapes of its state tensors by name, in order
   * @throws IllegalArgumentException as above
   */
  protected GroupedOptimizer(
      String name, List<ParameterGroup> groups, Function<Shape, Map<String, Shape>> stateOf) {
    this.name = name;
    boolean made = false;
    try (Scope scope = Scope.open()) {
      for (ParameterGroup group : groups) {
        for (Parameter parameter : group.parameters()) {
          add(new Slot(parameter, group), stateOf);
        }
      }
      requireAny();
      made = true;
    } finally {
      if (!made) {
        home.close();
      }
    }
  }

  private void requireAny() {
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException(
          name
              + ": at least one trained parameter expected, got none; call train() of the parameters"
              + " that are to learn first, or a model's trainQformer()");
    }
  }

  private static Map<String, Shape> allOf(String name, String[] stateNames, Shape shape) {
    Map<String, Shape> all = new LinkedHashMap<>();
    for (String state : stateNames) {
      if (all.put(state, shape) != null) {
        throw wrongState(name, "names expected to differ", state);
      }
    }
    return all;
  }

  private static IllegalArgumentException wrongState(String name, String what, String state) {
    return new IllegalArgumentException(
        String.format(Locale.ROOT, "%s: %s among states, got '%s'; rename it", name, what, state));
  }

  private void add(Slot slot, Function<Shape, Map<String, Shape>> stateOf) {
    Parameter parameter = slot.parameter;
    if (!parameter.isTrained()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: parameters expected to be trained, got %s, which is frozen",
              name,
              parameter.name()));
    }
    if (slots.put(parameter.name(), slot) != null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: parameters expected in one group each, got %s twice",
              name,
              parameter.name()));
    }
    stateOf
        .apply(parameter.value().shape())
        .forEach(
            (state, shape) -> {
              if (state.isBlank() || state.equals(STEP) || state.contains(".")) {
                throw wrongState(name, "names expected not blank, not step, without '.',", state);
              }
              try (Scope scope = Scope.open(parameter.value().backend())) {
                Tensor zeros = Tensor.zeros(DType.FLOAT32, shape.toArray());
                slot.state.put(state, home.adopt(zeros));
              }
            });
    parameters.add(parameter);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** Weight decays and scales of the learning rate, each with the number of its parameters. */
  @Override
  public final Map<String, String> settings() {
    return Map.of(
        "weight_decay", counted(ParameterGroup::weightDecay),
        "lr_scale", counted(ParameterGroup::lrScale));
  }

  private String counted(ToDoubleFunction<ParameterGroup> setting) {
    Map<Double, Integer> counts = new TreeMap<>();
    slots
        .values()
        .forEach(slot -> counts.merge(setting.applyAsDouble(slot.group), 1, Integer::sum));
    return counts.entrySet().stream()
        .map(each -> each.getKey() + " of " + each.getValue())
        .collect(Collectors.joining(", "));
  }

  @Override
  public final void step(double lr, double gradientScale) {
    try (var off = GradMode.noGrad()) {
      for (Slot slot : slots.values()) {
        Tensor gradient = slot.parameter.gradient();
        if (gradient != null) {
          slot.steps++;
          try (Scope scope = Scope.open(slot.parameter.value().backend())) {
            update(
                new ParameterUpdate(
                    slot.parameter,
                    new ParameterUpdate.Rates(
                        slot.steps,
                        lr * slot.group.lrScale(),
                        slot.group.weightDecay(),
                        gradientScale),
                    gradient,
                    slot.state));
          }
        }
      }
    }
  }

  /**
   * Moves one parameter and its state, in place. Nothing is recorded, and tensors made on the way
   * are released afterwards.
   */
  protected abstract void update(ParameterUpdate it);

  /**
   * The state, to be saved: {@code STATE.NAME} for every state and parameter, float32, and {@code
   * step.NAME}, a scalar int64. The counts belong to the current scope.
   */
  @Override
  public final Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    slots.forEach(
        (parameter, slot) -> {
          slot.state.forEach((own, tensor) -> state.put(own + "." + parameter, tensor));
          state.put(STEP + "." + parameter, Tensor.of(new long[] {slot.steps}));
        });
    return state;
  }

  @Override
  public final void restore(StateSource source) throws IOException {
    for (Map.Entry<String, Slot> entry : slots.entrySet()) {
      Slot slot = entry.getValue();
      String parameter = "." + entry.getKey();
      try (Scope scope = Scope.open(slot.parameter.value().backend())) {
        for (Map.Entry<String, Tensor> own : slot.state.entrySet()) {
          Tensor tensor = own.getValue();
          tensor.copyInPlace(source.read(own.getKey() + parameter, tensor.dtype(), tensor.shape()));
        }
        slot.steps = (long) source.read(STEP + parameter, DType.INT64, Shape.of()).item();
      }
    }
  }

  @Override
  public final void close() {
    home.close();
  }
}
