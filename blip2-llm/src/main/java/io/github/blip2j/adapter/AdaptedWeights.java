package io.github.blip2j.adapter;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.ByteSource;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Weights with a merged adapter; changed tensors are float32. */
final class AdaptedWeights implements Weights {
  private final String where;
  private final CheckpointWeights base;
  private final Checkpoint adapter;
  private final Map<String, Change> changes; // by tensor name in the base model
  private final LoraConfig config;
  private @Nullable LowRank last; // cached, because a matrix is read in pieces

  AdaptedWeights(
      String where,
      CheckpointWeights base,
      Checkpoint adapter,
      Map<String, Change> changes,
      LoraConfig config) {
    this.where = where;
    this.base = base;
    this.adapter = adapter;
    this.changes = Map.copyOf(changes);
    this.config = config;
  }

  @Override
  public String origin() {
    return base.origin() + " with " + where;
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    Stored stored = base.find(name);
    @Nullable Change change = changes.get(base.storedAs(name).name());
    if (stored == null || change == null || !stored.dtype().isFloating()) {
      return stored;
    }
    DType dtype =
        change instanceof Change.Replacement whole ? entry(whole.tensor()).dtype() : DType.FLOAT32;
    return new Stored(dtype, stored.shape(), stored.parts());
  }

  @Override
  public String storedName(String name) {
    return base.storedName(name);
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    KeyMap.Key key = base.storedAs(name);
    @Nullable Change change = changes.get(key.name());
    Stored stored = base.find(name);
    if (change == null || stored == null) {
      base.read(name, byteOffset, into);
      return;
    }
    if (change instanceof Change.Replacement whole) {
      TensorEntry entry = entry(whole.tensor());
      long start = entry.byteSize() / key.parts() * key.part();
      adapter.read(whole.tensor(), start + byteOffset, into);
      return;
    }
    long first = byteOffset / Float.BYTES;
    int count = into.remaining() / Float.BYTES;
    float[] values =
        floats(
            stored.dtype(),
            count,
            (at, bytes) -> base.read(name, first * stored.dtype().byteSize() + at, bytes));
    long within = stored.shape().size() / key.parts() * key.part() + first;
    if (change instanceof Change.Product product) {
      product(key.name(), product).addTo(values, within);
    } else if (change instanceof Change.Shift shift) {
      float[] added = floats(shift.tensor());
      float scale = scale(shift.of());
      for (int i = 0; i < count; i++) {
        values[i] += scale * added[Math.toIntExact(within) + i];
      }
    }
    into.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    into.position(into.position() + count * Float.BYTES);
  }

  private LowRank product(String name, Change.Product product) throws IOException {
    @Nullable LowRank known = last;
    if (known != null && known.name().equals(name)) {
      return known;
    }
    int in = Math.toIntExact(shape(product.a()).dim(1));
    var read = new LowRank(name, floats(product.a()), floats(product.b()), in, scale(product));
    last = read;
    return read;
  }

  private float scale(Change.Product product) {
    return (float) config.scale(product.module(), shape(product.a()).dim(0));
  }

  private Shape shape(String tensor) {
    return entry(tensor).shape();
  }

  private TensorEntry entry(String tensor) {
    @Nullable TensorEntry entry = adapter.tensors().get(tensor);
    if (entry == null) {
      throw new AssertionError(tensor + ": was there when the adapter was opened");
    }
    return entry;
  }

  private float[] floats(String tensor) throws IOException {
    TensorEntry entry = entry(tensor);
    int count = Math.toIntExact(entry.shape().size());
    return floats(entry.dtype(), count, (at, bytes) -> adapter.read(tensor, at, bytes));
  }

  private float[] floats(DType dtype, int count, ByteSource source) throws IOException {
    try (Scope scope = Scope.open()) {
      return Tensor.read(where, dtype, Shape.of(count), source).to(DType.FLOAT32).toFloats();
    }
  }

  /**
   * Unused tensors of the base model, and those of the adapter whose base tensors the model does
   * not use.
   */
  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new TreeSet<>(base.unused(used));
    Set<String> read =
        used.stream().map(name -> base.storedAs(name).name()).collect(Collectors.toSet());
    changes.forEach(
        (name, change) -> {
          if (!read.contains(name)) {
            unused.add(change.tensor());
          }
        });
    return unused;
  }
}
