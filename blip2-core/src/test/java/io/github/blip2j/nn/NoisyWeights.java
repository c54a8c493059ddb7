package io.github.blip2j.nn;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Normal numbers for every parameter, whatever its initialiser: a bias of 0 or a scale of 1 would
 * hide from a test that it is not used.
 */
public final class NoisyWeights implements Weights {
  private final Random random;

  private NoisyWeights(long seed) {
    this.random = new Random(seed);
  }

  /** The root of a float32 model with such weights, of a deviation of 0.5. */
  public static Params params(Scope home, long seed) {
    return Params.root(new NoisyWeights(seed), home);
  }

  /** Normal numbers of this shape. */
  public static Tensor tensor(Random random, long... shape) {
    return Init.normal(1).draw(Shape.of(shape), random);
  }

  @Override
  public String origin() {
    return "noisy weights";
  }

  @Override
  public @Nullable Stored find(String name) {
    return null;
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) {
    throw new AssertionError(name + ": nothing is stored");
  }

  @Override
  public Set<String> unused(Set<String> used) {
    return Set.of();
  }

  @Override
  public Tensor initial(Shape shape, Init init) {
    return Init.normal(0.5).draw(shape, random);
  }
}
