package io.github.blip2j.optim;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.tensor.TensorSpec;
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
    final Map<String, Shape> shapes = new LinkedHashMap<>();
    boolean held = true; // whether its state is on this rank
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
  private StateShares shares = StateShares.ALONE;

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
              slot.shapes.put(state, shape);
              slot.state.put(state, zeros(slot, shape));
            });
    parameters.add(parameter);
  }

  private Tensor zeros(Slot slot, Shape shape) {
    try (Scope scope = Scope.open(slot.parameter.value().backend())) {
      return home.adopt(Tensor.zeros(DType.FLOAT32, shape.toArray()));
    }
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
        }
        if (gradient != null && slot.held) {
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
      shares.send(parameters);
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
    requireWhole();
    Map<String, Tensor> state = new LinkedHashMap<>();
    slots.forEach(
        (parameter, slot) -> {
          slot.state.forEach((own, tensor) -> state.put(own + "." + parameter, tensor));
          state.put(STEP + "." + parameter, Tensor.of(new long[] {slot.steps}));
        });
    return state;
  }

  private void requireWhole() {
    if (slots.values().stream().anyMatch(slot -> slot.state.size() < slot.shapes.size())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s: whole state expected, got that of rank %d of %d; call gatherState first, and ask"
                  + " rank 0",
              name,
              shares.ranks().rank(),
              shares.ranks().size()));
    }
  }

  @Override
  public final List<TensorSpec> stateSpecs() {
    List<TensorSpec> specs = new ArrayList<>();
    slots.forEach(
        (parameter, slot) -> {
          slot.shapes.forEach(
              (own, shape) ->
                  specs.add(new TensorSpec(own + "." + parameter, DType.FLOAT32, shape)));
          specs.add(new TensorSpec(STEP + "." + parameter, DType.INT64, Shape.of()));
        });
    return specs;
  }

  @Override
  public final void shareState(Ranks ranks) {
    requireWhole();
    shares = StateShares.of(ranks, parameters);
    int number = 0;
    for (Slot slot : slots.values()) {
      slot.held = shares.isOwn(number++);
      if (!slot.held) {
        drop(slot);
      }
    }
  }

  @Override
  public final boolean sharesState() {
    return !shares.ranks().areAlone();
  }

  private void drop(Slot slot) {
    slot.state.values().forEach(home::release);
    slot.state.clear();
  }

  /** Rank 0 keeps what it gets until the result is closed; the others release it at once. */
  @Override
  public final Gathered gatherState() {
    int number = 0;
    for (Slot slot : slots.values()) {
      int owner = shares.owner(number++);
      if (owner == 0) { // rank 0 has it
        continue;
      }
      slot.shapes.forEach(
          (own, shape) -> {
            Tensor whole = slot.state.computeIfAbsent(own, absent -> zeros(slot, shape));
            shares.ranks().collectives().broadcast(whole, owner);
          });
      if (!slot.held && !shares.ranks().isFirst()) {
        drop(slot);
      }
    }
    return () -> slots.values().stream().filter(slot -> !slot.held).forEach(this::drop);
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
