package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Random weights: each parameter is initialized when it is requested. */
final class InitializedWeights implements Weights {
  private final BiFunction<Shape, Init, Tensor> drawing;

  InitializedWeights(BiFunction<Shape, Init, Tensor> drawing) {
    this.drawing = drawing;
  }

  @Override
  public String origin() {
    return "random weights";
  }

  @Override
  public @Nullable Stored find(String name) {
    return null;
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) {
    throw new IllegalStateException("random weights: nothing is stored, got a read of " + name);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    return Set.of();
  }

  @Override
  public Tensor initial(Shape shape, Init init) {
    return drawing.apply(shape, init);
  }
}
