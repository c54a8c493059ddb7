package io.github.blip2j.nn;

import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Parameters drawn from their initialisers. */
final class RandomWeights implements Weights {
  private final RandomGenerator random;

  RandomWeights(RandomGenerator random) {
    this.random = random;
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
    return init.draw(shape, random);
  }
}
