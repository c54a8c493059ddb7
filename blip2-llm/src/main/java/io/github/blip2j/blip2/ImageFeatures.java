package io.github.blip2j.blip2;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;

/**
 * What the model has seen of one or more images, to be asked about as often as one likes. It holds
 * off-heap memory: close it.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class ImageFeatures implements AutoCloseable {
  private final Scope memory = Scope.detached();
  private final Tensor patches;
  private final Tensor queries;
  private final Tensor prompt;

  ImageFeatures(Tensor patches, Tensor queries, Tensor prompt) {
    this.patches = memory.adopt(patches);
    this.queries = memory.adopt(queries);
    this.prompt = memory.adopt(prompt);
  }

  /** Number of images. */
  public int size() {
    return Math.toIntExact(prompt.dim(0));
  }

  /** Normed features of every patch, class token first, [B, N, E]. */
  public Tensor patches() {
    return patches;
  }

  /** The Q-Former's output, [B, Q, C]. */
  public Tensor queries() {
    return queries;
  }

  /** The soft prompt for the language model, [B, Q, L]. */
  public Tensor prompt() {
    return prompt;
  }

  @Override
  public void close() {
    memory.close();
  }
}
