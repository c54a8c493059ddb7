package io.github.blip2j.bench;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Weights that note the names and shapes that a model asks for. Each is one number in memory, so
 * that a model of any size can be built, but not run.
 */
final class ParameterShapes implements Weights {
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  /** The shapes of the parameters so far, by name. */
  Map<String, Shape> shapes() {
    return shapes;
  }

  @Override
  public Tensor initial(String name, Shape shape, Init init) {
    shapes.put(name, shape);
    return Tensor.full(DType.FLOAT32, 1);
  }

  @Override
  public String origin() {
    return "parameter shapes";
  }

  @Override
  public @Nullable Stored find(String name) {
    return null;
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) {
    throw new IllegalStateException("parameter shapes: nothing is stored, got a read of " + name);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    return Set.of();
  }
}
