package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Weights laid over others; the upper ones win if both have a name. */
final class OverlaidWeights implements Weights {
  private final Weights upper;
  private final Weights base;

  OverlaidWeights(Weights upper, Weights base) {
    this.upper = upper;
    this.base = base;
  }

  @Override
  public String origin() {
    return upper.origin() + " over " + base.origin();
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    Stored stored = upper.find(name);
    return stored == null ? base.find(name) : stored;
  }

  @Override
  public String storedName(String name) {
    return base.storedName(name);
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    Weights holder = upper.find(name) == null ? base : upper;
    holder.read(name, byteOffset, into);
  }

  /** The initial value by the weights that store the name, else by those that initialize. */
  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    if (upper.find(name) != null) {
      return upper.initial(name, shape, init);
    }
    @Nullable Tensor drawn = base.find(name) == null ? upper.initial(name, shape, init) : null;
    return drawn == null ? base.initial(name, shape, init) : drawn;
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new TreeSet<>(upper.unused(used));
    unused.addAll(base.unused(used));
    return unused;
  }
}
