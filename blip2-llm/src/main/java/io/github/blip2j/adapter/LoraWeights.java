package io.github.blip2j.adapter;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model, and the factors of a LoRA for it: those of an adapter, or drawn as peft
 * draws them, the first uniformly within the inverse root of its inputs, the second zero.
 */
final class LoraWeights implements Weights {
  private final Weights base;
  private final KeyMap keys;
  private final @Nullable LoraAdapter adapter;
  private final long seed;

  LoraWeights(Weights base, KeyMap keys, @Nullable LoraAdapter adapter, long seed) {
    this.base = base;
    this.keys = keys;
    this.adapter = adapter;
    this.seed = seed;
  }

  @Override
  public String origin() {
    return base.origin();
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    if (!LoraLayers.isFactor(name)) {
      return base.find(name);
    }
    return adapter == null ? null : adapter.factor(keys.toStored(name).name());
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    if (adapter != null && LoraLayers.isFactor(name)) {
      adapter.readFactor(keys.toStored(name).name(), byteOffset, into);
    } else {
      base.read(name, byteOffset, into);
    }
  }

  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    if (!LoraLayers.isFactor(name)) {
      return base.initial(name, shape, init);
    }
    if (adapter != null) {
      return null;
    }
    return LoraLayers.isFirst(name)
        ? first(name, shape)
        : Tensor.zeros(DType.FLOAT32, shape.toArray());
  }

  private Tensor first(String name, Shape shape) {
    RandomGenerator random = new SplittableRandom(seed * 31 + name.hashCode());
    double bound = 1 / Math.sqrt((double) shape.dim(1));
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return Tensor.of(values, shape.toArray());
  }

  /** Unused tensors of the base; {@link LoraLayers} refuses those of the adapter. */
  @Override
  public Set<String> unused(Set<String> used) {
    return base.unused(used);
  }
}
