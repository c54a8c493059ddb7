package io.github.blip2j.blip2.features;

import java.util.Locale;

/**
 * The kinds of features of images and texts.
 *
 * <pre>{@code
 * N image tokens, E encoder width, Q queries, C Q-Former width, L language width, P compared width
 * }</pre>
 */
public enum Feature {
  /** Normed features of every patch, the class token first: [N, E]. */
  PATCHES("patches"),
  /** The Q-Former's output for an image: [Q, C]; LAVIS's {@code image_embeds}. */
  QUERIES("queries"),
  /** The soft prompt of a language model: [Q, L]. */
  PROMPT("prompt"),
  /**
   * The queries projected to unit vectors, for comparison with texts: [Q, P]; {@code
   * image_embeds_proj}.
   */
  IMAGE("image_embeds"),
  /** One unit vector for an image, in the direction of the mean of {@link #IMAGE}'s: [P]. */
  SINGLE("single_embeds"),
  /**
   * A text, cut to the trained length, as a unit vector: [P]; first of {@code text_embeds_proj}.
   */
  TEXT("text_embeds"),
  /** The Q-Former's output for an image and a text: [Q, C]. */
  MULTIMODAL("multimodal_embeds");

  private final String tensor;

  Feature(String tensor) {
    this.tensor = tensor;
  }

  /** The name of the tensor that holds it in files. */
  public String tensor() {
    return tensor;
  }

  /** The name on the command line, such as {@code patches}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
