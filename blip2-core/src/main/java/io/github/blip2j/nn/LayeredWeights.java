package io.github.blip2j.nn;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Weights over others, the upper ones winning where both have a name. */
final class LayeredWeights implements Weights {
  private final Weights upper;
  private final Weights base;

  LayeredWeights(Weights upper, Weights base) {
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
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    Weights holder = upper.find(name) == null ? base : upper;
    holder.read(name, byteOffset, into);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new TreeSet<>(upper.unused(used));
    unused.addAll(base.unused(used));
    return unused;
  }
}
