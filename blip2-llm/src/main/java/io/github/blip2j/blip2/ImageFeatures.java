package io.github.blip2j.blip2;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.function.Supplier;

/**
 * What the model has seen of one or more images, to be asked about as often as one likes. It holds
 * off-heap memory: close it.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class ImageFeatures implements AutoCloseable {
  private final Gate gate = new Gate("features", "features of images");
  private final Scope memory = Scope.detached();
  private final int size;
  private final Tensor patches;
  private final Tensor queries;
  private final Tensor prompt;

  ImageFeatures(Tensor patches, Tensor queries, Tensor prompt) {
    this.size = Math.toIntExact(prompt.dim(0));
    this.patches = memory.adopt(patches);
    this.queries = memory.adopt(queries);
    this.prompt = memory.adopt(prompt);
  }

  /** Number of images. */
  public int size() {
    return size;
  }

  /** Normed features of every patch, class token first, [B, N, E]. */
  public Tensor patches() {
    return gate.call(() -> patches);
  }

  /** The Q-Former's output, [B, Q, C]. */
  public Tensor queries() {
    return gate.call(() -> queries);
  }

  /** The soft prompt for the language model, [B, Q, L]. */
  public Tensor prompt() {
    return gate.call(() -> prompt);
  }

  /** Runs a call that reads these features; {@link #close} waits for it. */
  <T> T during(Supplier<T> body) {
    return gate.call(body);
  }

  @Override
  public void close() {
    gate.close(memory::close);
  }
}
