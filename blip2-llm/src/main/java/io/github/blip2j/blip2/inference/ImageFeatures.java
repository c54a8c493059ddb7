package io.github.blip2j.blip2.inference;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Encoded images, for any number of prompts to the model that encoded them, with the same
 * convention. They hold off-heap memory: close them.
 *
 * <p>InstructBLIP's queries attend to each prompt too. For such a model these are the patch
 * features only, which take most of the time, and the Q-Former runs for every prompt.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class ImageFeatures implements AutoCloseable {
  private final CloseGuard gate = new CloseGuard("features", "features of images");
  private final Scope memory = Scope.detached();
  private final GenerationSession source;
  private final int size;
  private final Tensor patches;
  private final @Nullable Tensor queries;
  private final @Nullable Tensor prompt;

  ImageFeatures(GenerationSession source, Tensor patches, Tensor queries, Tensor prompt) {
    this.source = source;
    this.size = Math.toIntExact(patches.dim(0));
    this.patches = memory.adopt(patches);
    this.queries = memory.adopt(queries);
    this.prompt = memory.adopt(prompt);
  }

  private ImageFeatures(GenerationSession source, Tensor patches) {
    this.source = source;
    this.size = Math.toIntExact(patches.dim(0));
    this.patches = memory.adopt(patches);
    this.queries = null;
    this.prompt = null;
  }

  /** The vision encoder's features, for a model whose queries need an instruction. */
  static ImageFeatures uninstructed(GenerationSession source, Tensor patches) {
    return new ImageFeatures(source, patches);
  }

  /**
   * Checks that the features are of this model and its convention. Features of another model of
   * equal sizes would give wrong texts without an error.
   *
   * @param where the name of the call in messages
   */
  void requireOf(String where, GenerationSession session) {
    if (!source.sharesWeights(session)) {
      throw new IllegalArgumentException(
          where + ": features expected of this model, got another's; encode the images with it");
    }
    if (source.convention() != session.convention()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: features expected of convention %s, got %s; encode the images as %s does",
              where,
              session.convention(),
              source.convention(),
              session.convention()));
    }
  }

  /** The number of images. */
  public int size() {
    return size;
  }

  /** Normed features of every patch, class token first, [B, N, E]. */
  public Tensor patches() {
    return gate.call(() -> patches);
  }

  /**
   * The Q-Former's output, [B, Q, C].
   *
   * @throws IllegalStateException if it depends on the prompt, as InstructBLIP's does
   */
  public Tensor queries() {
    return gate.call(() -> seen("queries", queries));
  }

  /**
   * The soft prompt for the language model, [B, Q, L].
   *
   * @throws IllegalStateException if it depends on the prompt's text, as InstructBLIP's does
   */
  public Tensor prompt() {
    return gate.call(() -> seen("prompt", prompt));
  }

  private static Tensor seen(String what, @Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "features: %s expected of a model that takes no instruction, got InstructBLIP's; use"
                  + " model().encodeQueries(patches, instructions, pass)",
              what));
    }
    return tensor;
  }

  /** Keeps these features open for a call; {@link #close} waits for it. */
  CloseGuard.Entry enter() {
    return gate.enter();
  }

  /** Runs a call's listener; {@link #close} does not wait for it. */
  void aside(Runnable listener) {
    gate.aside(listener);
  }

  @Override
  public void close() {
    gate.close(memory::close);
  }
}
