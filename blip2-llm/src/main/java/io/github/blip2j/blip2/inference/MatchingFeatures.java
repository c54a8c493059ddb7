package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Encoded images of a model of the first stage, for any number of texts. They hold off-heap memory:
 * close them.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E encoder width, P compared width
 * }</pre>
 */
public final class MatchingFeatures implements AutoCloseable {
  private final CloseGuard gate = new CloseGuard("features", "features of images");
  private final Scope memory = Scope.detached();
  private final MatchingSession source;
  private final int size;
  private final Tensor patches;
  private final Tensor compared;

  private MatchingFeatures(MatchingSession source, Tensor patches, Tensor compared) {
    this.source = source;
    this.size = Math.toIntExact(patches.dim(0));
    this.patches = memory.adopt(patches);
    this.compared = memory.adopt(compared);
  }

  /** Encodes images, while {@code session} is held open. */
  public static MatchingFeatures of(MatchingSession session, List<Image> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("encode: images expected at least 1, got 0");
    }
    Blip2Qformer qformer = session.qformer();
    try (var off = GradMode.noGrad();
        var scope = Scope.open(session.backend())) {
      Tensor patches = session.encodeImages(images); // [B, N, E]
      Tensor compared =
          Scope.run(
              () ->
                  qformer.imageFeatures(
                      qformer.encodeQueries(
                          qformer.imageKeyValues(patches), ForwardPass.evaluation())));
      return new MatchingFeatures(session, patches, compared);
    }
  }

  /** Features of each image alone, in memory of their own. */
  public List<MatchingFeatures> each() {
    return source.during(
        () -> {
          List<MatchingFeatures> each = new ArrayList<>();
          try (var scope = Scope.open(source.backend())) {
            for (int i = 0; i < size; i++) {
              each.add(
                  new MatchingFeatures(
                      source, patches().narrow(0, i, 1).copy(), compared().narrow(0, i, 1).copy()));
            }
          }
          return List.copyOf(each);
        });
  }

  /**
   * Features of all images of several, in order, in memory of their own.
   *
   * @param parts at least one, all of one model; they stay open
   * @throws IllegalArgumentException if there is none, or they are of different models
   */
  public static MatchingFeatures joined(List<MatchingFeatures> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("features: parts expected at least 1, got 0");
    }
    MatchingSession source = parts.get(0).source;
    parts.forEach(part -> part.requireOf("features", source));
    return source.during(
        () -> {
          try (var scope = Scope.open(source.backend())) {
            return new MatchingFeatures(
                source,
                Tensor.concat(0, parts.stream().map(MatchingFeatures::patches).toList()),
                Tensor.concat(0, parts.stream().map(MatchingFeatures::compared).toList()));
          }
        });
  }

  /** The number of images. */
  public int size() {
    return size;
  }

  /**
   * The embedding of one image, as {@code ImageTextMatcher.embed} returns it, [Q][P].
   *
   * @throws IllegalArgumentException if these are features of several images
   */
  public float[][] vectors() {
    requireSize("embed", 1);
    try (var scope = Scope.open(source.backend())) {
      return compared().select(0, 0).toFloatRows();
    }
  }

  /** The memory that these features hold, in bytes. */
  public long bytes() {
    return gate.call(() -> Float.BYTES * (patches.shape().size() + compared.shape().size()));
  }

  /** The vision encoder's features, before the Q-Former's norm, [B, N, E]. */
  public Tensor patches() {
    return gate.call(() -> patches);
  }

  /** The queries projected to unit vectors, [B, Q, P]. */
  public Tensor compared() {
    return gate.call(() -> compared);
  }

  /**
   * Checks that the features are of this model; those of another of equal sizes would give wrong
   * scores without an error.
   *
   * @param where the name of the call in messages
   */
  void requireOf(String where, MatchingSession session) {
    if (!source.sharesWeights(session)) {
      throw new IllegalArgumentException(
          where + ": features expected of this model, got another's; encode the images with it");
    }
  }

  /**
   * Checks the model and the number of images.
   *
   * @param where the name of the call in messages
   */
  void require(String where, MatchingSession session, int images) {
    requireOf(where, session);
    requireSize(where, images);
  }

  private void requireSize(String where, int images) {
    if (size != images) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: features expected of %d images, got %d", where, images, size));
    }
  }

  /** Keeps these features open for a call; {@link #close} waits for it. */
  CloseGuard.Entry enter() {
    return gate.enter();
  }

  @Override
  public void close() {
    gate.close(memory::close);
  }
}
