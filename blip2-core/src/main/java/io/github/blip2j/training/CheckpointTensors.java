package io.github.blip2j.training;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a checkpoint: trained parameters under their own names, the optimiser's state
 * under {@code optimizer.}, the objective's under {@code objective.}, averages of the parameters
 * under {@code ema.}.
 */
final class CheckpointTensors {
  private static final String STATE = "optimizer.";
  private static final String OBJECTIVE = "objective.";

  private static final String AVERAGE = "ema.";

  private final Optimizer optimizer;
  private final Objective<?> objective;
  private final @Nullable WeightAverage average;

  CheckpointTensors(Optimizer optimizer, Objective<?> objective, @Nullable WeightAverage average) {
    this.optimizer = optimizer;
    this.objective = objective;
    this.average = average;
  }

  /** What is to be written, in the current scope. */
  Map<String, Tensor> contents() {
    Map<String, Tensor> contents = new LinkedHashMap<>();
    optimizer.parameters().forEach(p -> put(contents, p.name(), p.value().detach()));
    optimizer.state().forEach((name, tensor) -> put(contents, STATE + name, tensor));
    objective.state().forEach((name, tensor) -> put(contents, OBJECTIVE + name, tensor));
    averages().forEach((name, tensor) -> put(contents, AVERAGE + name, tensor));
    return contents;
  }

  private Map<String, Tensor> averages() {
    return average == null ? Map.of() : average.tensors();
  }

  private static void put(Map<String, Tensor> contents, String name, Tensor tensor) {
    if (contents.put(name, tensor) != null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "checkpoint: tensors expected with names that differ, got %s twice; rename one",
              name));
    }
  }

  static List<TensorSpec> specs(Map<String, Tensor> contents) {
    return contents.entrySet().stream().map(e -> spec(e.getKey(), e.getValue())).toList();
  }

  private static TensorSpec spec(String name, Tensor tensor) {
    return new TensorSpec(name, tensor.dtype(), tensor.shape());
  }

  /** What a checkpoint is expected to have, also where ranks share the optimizer's state. */
  private List<TensorSpec> expected() {
    List<TensorSpec> specs = new ArrayList<>();
    optimizer.parameters().forEach(p -> specs.add(spec(p.name(), p.value())));
    optimizer.stateSpecs().forEach(own -> specs.add(own.withName(STATE + own.name())));
    objective.state().forEach((name, tensor) -> specs.add(spec(OBJECTIVE + name, tensor)));
    averages().forEach((name, tensor) -> specs.add(spec(AVERAGE + name, tensor)));
    return specs;
  }

  /** Checks names, types and shapes, all together, before anything changes. */
  void requireFit(String where, SafetensorsFile saved) throws CheckpointException {
    List<String> wrong = new ArrayList<>();
    TreeSet<String> rest = new TreeSet<>(saved.tensors().keySet());
    for (TensorSpec spec : expected()) {
      rest.remove(spec.name());
      @Nullable String difference = difference(spec, saved);
      if (difference != null) {
        wrong.add(difference);
      }
    }
    rest.forEach(name -> wrong.add(name + " is not trained here"));
    requireNone(where, wrong, "resume with the settings of its start, or start in another folder");
  }

  private static @Nullable String difference(TensorSpec spec, SafetensorsFile saved)
      throws CheckpointException {
    @Nullable TensorEntry entry = saved.tensors().get(spec.name());
    if (entry == null) {
      return spec.name() + " is missing";
    }
    if (entry.dtype() == spec.dtype() && entry.shape().equals(spec.shape())) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "%s is %s %s, not %s %s",
        spec.name(),
        entry.dtype(),
        entry.shape(),
        spec.dtype(),
        spec.shape());
  }

  private static void requireNone(String where, List<String> wrong, String advice)
      throws CheckpointException {
    if (!wrong.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensors of this run expected, got %d others (%s%s); %s",
              where,
              wrong.size(),
              String.join(", ", wrong.subList(0, Math.min(4, wrong.size()))),
              wrong.size() > 4 ? ", ..." : "",
              advice));
    }
  }

  /** Writes a file's tensors into parameters, optimiser and objective. */
  void restore(SafetensorsFile saved) throws IOException {
    for (Parameter parameter : optimizer.parameters()) {
      copy(saved, parameter.name(), parameter.value().dtype(), parameter.value());
    }
    optimizer.restore((name, dtype, shape) -> read(saved, STATE + name, dtype, shape));
    for (Map.Entry<String, Tensor> own : objective.state().entrySet()) {
      copy(saved, OBJECTIVE + own.getKey(), own.getValue().dtype(), own.getValue());
    }
    for (Map.Entry<String, Tensor> own : averages().entrySet()) {
      copy(saved, AVERAGE + own.getKey(), own.getValue().dtype(), own.getValue());
    }
  }

  /** The parameters that a checkpoint has, as they were or their averages. */
  enum Kind {
    WEIGHTS(""),
    AVERAGES(AVERAGE);

    private final String prefix;

    Kind(String prefix) {
      this.prefix = prefix;
    }

    /** The parameter of a tensor's name; null if the tensor is something else. */
    private @Nullable String parameter(String tensor) {
      if (this == AVERAGES) {
        return tensor.startsWith(prefix) ? tensor.substring(prefix.length()) : null;
      }
      boolean other =
          tensor.startsWith(STATE) || tensor.startsWith(OBJECTIVE) || tensor.startsWith(AVERAGE);
      return other ? null : tensor;
    }
  }

  /** Writes a file's parameters, and nothing else of it, into those of a model. */
  static void load(String where, SafetensorsFile saved, Collection<Parameter> parameters, Kind kind)
      throws IOException {
    Map<String, Parameter> byName = new TreeMap<>();
    parameters.forEach(parameter -> byName.put(parameter.name(), parameter));
    List<String> wrong = new ArrayList<>();
    List<Parameter> found = new ArrayList<>();
    for (String tensor : saved.tensors().keySet()) {
      @Nullable String name = kind.parameter(tensor);
      if (name == null) {
        continue;
      }
      @Nullable Parameter parameter = byName.get(name);
      if (parameter != null && parameter.value().packing() != null) {
        wrong.add(name + " is packed in the model, which is to be loaded unpacked");
      } else if (parameter != null) {
        var spec = new TensorSpec(tensor, DType.FLOAT32, parameter.value().shape());
        @Nullable String difference = difference(spec, saved);
        if (difference != null) {
          wrong.add(difference);
        }
        found.add(parameter);
      } else {
        wrong.add(name + " is not in the model");
      }
    }
    requireNone(where, wrong, "load it into the model that the run has trained");
    if (found.isEmpty() && kind == Kind.AVERAGES) {
      throw new CheckpointException(
          where + ": averages of weights expected, got none; load the weights instead");
    }
    for (Parameter parameter : found) { // a table of the model may be bfloat16
      copy(saved, kind.prefix + parameter.name(), DType.FLOAT32, parameter.value());
    }
  }

  private static void copy(SafetensorsFile saved, String name, DType stored, Tensor target)
      throws IOException {
    try (Scope one = Scope.open(target.backend())) {
      target.copyInPlace(read(saved, name, stored, target.shape()));
    }
  }

  private static Tensor read(SafetensorsFile saved, String name, DType dtype, Shape shape)
      throws IOException {
    return Tensor.read(name, dtype, shape, (at, into) -> saved.read(name, at, into));
  }
}
