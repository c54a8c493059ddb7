package io.github.blip2j.blip2.inference;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
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
   * Features of all images of several, in order, in memory of their own.
   *
   * @param parts at least one, all of one model and convention; they stay open
   * @throws IllegalArgumentException if there is none, or they are of different models
   */
  public static ImageFeatures joined(List<ImageFeatures> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("features: parts expected at least 1, got 0");
    }
    GenerationSession source = parts.get(0).source;
    parts.forEach(part -> part.requireOf("features", source));
    return source.during(
        () -> {
          try (var scope = Scope.open(source.backend())) {
            Tensor patches = Tensor.concat(0, parts.stream().map(ImageFeatures::patches).toList());
            if (source.model().config().readsInstruction()) {
              return new ImageFeatures(source, patches);
            }
            return new ImageFeatures(
                source,
                patches,
                Tensor.concat(0, parts.stream().map(ImageFeatures::queries).toList()),
                Tensor.concat(0, parts.stream().map(ImageFeatures::prompt).toList()));
          }
        });
  }

  /** Features of each image alone, in memory of their own. */
  public List<ImageFeatures> each() {
    return source.during(
        () -> {
          List<ImageFeatures> each = new ArrayList<>();
          try (var scope = Scope.open(source.backend())) {
            for (int i = 0; i < size; i++) {
              each.add(one(i));
            }
          }
          return List.copyOf(each);
        });
  }

  private ImageFeatures one(int i) {
    Tensor own = patches().narrow(0, i, 1).copy();
    return queries == null
        ? new ImageFeatures(source, own)
        : new ImageFeatures(
            source, own, queries().narrow(0, i, 1).copy(), prompt().narrow(0, i, 1).copy());
  }

  /** The memory that these features hold, in bytes. */
  public long bytes() {
    return gate.call(
        () ->
            Float.BYTES
                * (patches.shape().size()
                    + (queries == null ? 0 : queries.shape().size())
                    + (prompt == null ? 0 : prompt.shape().size())));
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
