package io.github.blip2j.blip2.inference;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the model has seen of one or more images, to be asked about as often as one likes: this
 * model, as its convention computes. It holds off-heap memory: close it.
 *
 * <p>InstructBLIP's queries read each prompt too. Of such a model these are the patches alone,
 * which take most of the time, and the queries look at them anew for every prompt.
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

  /** What the tower saw, where queries wait for an instruction. */
  static ImageFeatures uninstructed(GenerationSession source, Tensor patches) {
    return new ImageFeatures(source, patches);
  }

  /**
   * Checks that these are of this model and its convention. Where only sizes agree, a model would
   * write with confidence about what it has not seen.
   *
   * @param where what they are for, as messages say it
   */
  void requireOf(String where, GenerationSession asked) {
    if (!source.sharesWeights(asked)) {
      throw new IllegalArgumentException(
          where + ": features expected of this model, got another's; encode the images with it");
    }
    if (source.convention() != asked.convention()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: features expected of convention %s, got %s; encode the images as %s does",
              where,
              asked.convention(),
              source.convention(),
              asked.convention()));
    }
  }

  /** Number of images. */
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
   * @throws IllegalStateException if it depends on the prompt's words, as InstructBLIP's does
   */
  public Tensor prompt() {
    return gate.call(() -> seen("prompt", prompt));
  }

  private static Tensor seen(String what, @Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "features: %s expected of a model that reads no instruction, got InstructBLIP's; use"
                  + " model().encodeQueries(patches, instructions, pass)",
              what));
    }
    return tensor;
  }

  /** Keeps these features open for a call that reads them; {@link #close} waits for it. */
  CloseGuard.Entry enter() {
    return gate.enter();
  }

  /** Runs what a call tells its listener; {@link #close} does not wait for that. */
  void aside(Runnable listener) {
    gate.aside(listener);
  }

  @Override
  public void close() {
    gate.close(memory::close);
  }
}
