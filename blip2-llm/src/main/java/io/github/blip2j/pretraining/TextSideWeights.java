package io.github.blip2j.pretraining;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The weights of a Q-Former's text side from one model, and the rest from another. */
final class TextSideWeights implements Weights {
  private static final Pattern TEXT =
      Pattern.compile("qformer\\.(embeddings\\.(words|positions)|layers\\.\\d+\\.textMlp)\\..*");

  private final Weights text;
  private final Weights rest;

  TextSideWeights(Weights text, Weights rest) {
    this.text = text;
    this.rest = rest;
  }

  private static boolean isText(String name) {
    return TEXT.matcher(name).matches();
  }

  private Weights of(String name) {
    return isText(name) ? text : rest;
  }

  @Override
  public String origin() {
    return rest.origin() + " with the text side of " + text.origin();
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    return of(name).find(name);
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    of(name).read(name, byteOffset, into);
  }

  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    return of(name).initial(name, shape, init);
  }

  /** Unused tensors of the rest; the other model has many parts that are not of its text side. */
  @Override
  public Set<String> unused(Set<String> used) {
    return rest.unused(used.stream().filter(name -> !isText(name)).collect(Collectors.toSet()));
  }
}
