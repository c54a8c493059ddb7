package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Weights of a part of a model from one source, and of the rest from another. A parameter that is
 * missing in its source is not searched for in the other.
 *
 * @param path of the part
 */
public record SplitWeights(String path, Weights part, Weights rest) implements Weights {
  @Override
  public String origin() {
    return part.origin() + " and " + rest.origin();
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    return of(name).find(name);
  }

  @Override
  public String storedName(String name) {
    return of(name).storedName(name);
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    of(name).read(name, byteOffset, into);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new TreeSet<>(part.unused(ofPart(used, true)));
    unused.addAll(rest.unused(ofPart(used, false)));
    return unused;
  }

  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    return of(name).initial(name, shape, init);
  }

  private Weights of(String name) {
    return isInPart(name) ? part : rest;
  }

  private Set<String> ofPart(Set<String> names, boolean inPart) {
    return names.stream().filter(name -> isInPart(name) == inPart).collect(Collectors.toSet());
  }

  private boolean isInPart(String name) {
    return name.startsWith(path + ".");
  }
}
