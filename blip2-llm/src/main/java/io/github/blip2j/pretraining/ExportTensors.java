package io.github.blip2j.pretraining;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.LowRankUpdate;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of an exported file, made up of parameters. A stored tensor may consist of several
 * parameters, such as a fused {@code qkv}.
 *
 * <p>Low-rank updates are merged. Values come from memory. With a source, those of frozen
 * parameters are copied from it in their stored type, but for parameters that were drawn.
 */
public final class ExportTensors {
  private static final int CHUNK = 1 << 22;

  private final Map<String, Entry> entries = new TreeMap<>();
  private final @Nullable Weights source;

  /** The parameters of one stored tensor, by their place in it. */
  private record Entry(String name, int parts, Map<Integer, Parameter> parameters) {
    Parameter first() {
      return parameters.values().iterator().next();
    }
  }

  /** Tensors whose values come from memory. */
  public ExportTensors() {
    this.source = null;
  }

  /** Tensors whose frozen parameters are copied from {@code source}. */
  public ExportTensors(Weights source) {
    this.source = source;
  }

  /** Adds a parameter as a stored tensor, or as a part of one. */
  public void add(KeyMap.Key key, Parameter parameter) {
    entries
        .computeIfAbsent(key.name(), name -> new Entry(name, key.parts(), new TreeMap<>()))
        .parameters
        .put(key.part(), parameter);
  }

  /** Names, types and shapes, by name. */
  public List<TensorSpec> specs() throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (Entry entry : entries.values()) {
      specs.add(spec(entry));
    }
    return specs;
  }

  private TensorSpec spec(Entry entry) throws IOException {
    Parameter first = entry.first();
    Weights.@Nullable Stored frozen =
        source == null || isChanged(first) ? null : source.find(first.name());
    DType type = frozen == null ? DType.FLOAT32 : frozen.dtype();
    Shape part = first.value().shape();
    Shape whole = entry.parts == 1 ? part : part.with(0, part.dim(0) * entry.parts);
    return new TensorSpec(entry.name, type, whole);
  }

  /** Writes the values in the order of {@link #specs}. */
  public void write(TensorCopy.Sink to) throws IOException {
    for (Entry entry : entries.values()) {
      long size = spec(entry).byteSize() / entry.parts;
      for (int part = 0; part < entry.parts; part++) {
        write(entry.name, entry.parameters.get(part), size, to);
      }
    }
  }

  private void write(String name, @Nullable Parameter parameter, long size, TensorCopy.Sink to)
      throws IOException {
    if (parameter == null) { // Hugging Face has a key bias where LAVIS has none
      to.write(name, ByteBuffer.allocate(Math.toIntExact(size)));
    } else if (source == null || isChanged(parameter) || source.find(parameter.name()) == null) {
      try (Scope scope = Scope.open()) {
        value(parameter).to(DType.FLOAT32).write(bytes -> to.write(name, bytes));
      }
    } else {
      for (long done = 0; done < size; done += CHUNK) {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, size - done));
        source.read(parameter.name(), done, bytes);
        to.write(name, bytes.flip());
      }
    }
  }

  private static boolean isChanged(Parameter parameter) {
    return parameter.isTrained() || parameter.update() != null;
  }

  /** The value with its low-rank update merged. */
  private Tensor value(Parameter parameter) throws IOException {
    @Nullable LowRankUpdate update = parameter.update();
    if (update == null) {
      return parameter.value().detach();
    }
    try (var off = GradMode.noGrad()) {
      return original(parameter).add(update.product());
    }
  }

  /** A frozen value as it is stored, because memory may hold it rounded. */
  private Tensor original(Parameter parameter) throws IOException {
    String name = parameter.name();
    Weights.@Nullable Stored stored =
        source == null || parameter.isTrained() ? null : source.find(name);
    if (source == null || stored == null) {
      return parameter.value().detach();
    }
    Weights from = source;
    return Tensor.read(
            name,
            stored.dtype(),
            parameter.value().shape(),
            (at, into) -> from.read(name, at, into))
        .to(DType.FLOAT32);
  }
}
