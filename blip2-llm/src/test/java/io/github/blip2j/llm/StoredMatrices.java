package io.github.blip2j.llm;

import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A checkpoint of a few float32 tensors. */
final class StoredMatrices implements Weights {
  private final Map<String, Shape> shapes = new HashMap<>();
  private final Map<String, float[]> stored = new HashMap<>();

  StoredMatrices with(String name, float[] values, long... shape) {
    shapes.put(name, Shape.of(shape));
    stored.put(name, values);
    return this;
  }

  @Override
  public String origin() {
    return "test";
  }

  @Override
  public @Nullable Stored find(String name) {
    Shape shape = shapes.get(name);
    return shape == null ? null : new Stored(DType.FLOAT32, shape, 1);
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) {
    float[] values = stored.get(name);
    if (values == null) {
      throw new AssertionError(name + ": read though not stored");
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    into.put(bytes.slice(Math.toIntExact(byteOffset), into.remaining()));
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new HashSet<>(stored.keySet());
    unused.removeAll(used);
    return unused;
  }
}
