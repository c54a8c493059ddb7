package io.github.blip2j.blip2.features;

import java.util.Locale;

/**
 * What can be taken from images and texts.
 *
 * <pre>{@code
 * N image tokens, E encoder width, Q queries, C Q-Former width, L language width, P compared width
 * }</pre>
 */
public enum Feature {
  /** Normed features of every patch, the class token first: [N, E]. */
  PATCHES("patches"),
  /** What the queries see of an image: [Q, C]; LAVIS's {@code image_embeds}. */
  QUERIES("queries"),
  /** The soft prompt before a language model's words: [Q, L]. */
  PROMPT("prompt"),
  /** The queries as unit vectors that compare with texts: [Q, P]; {@code image_embeds_proj}. */
  IMAGE("image_embeds"),
  /** One unit vector for an image, the direction of the mean of those: [P]. */
  SINGLE("single_embeds"),
  /**
   * A text, cut to the trained length, as a unit vector: [P]; first of {@code text_embeds_proj}.
   */
  TEXT("text_embeds"),
  /** What the queries see of an image in the light of a text: [Q, C]. */
  MULTIMODAL("multimodal_embeds");

  private final String tensor;

  Feature(String tensor) {
    this.tensor = tensor;
  }

  /** The name of the tensor that holds it in files. */
  public String tensor() {
    return tensor;
  }

  /** As on the command line: {@code patches}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
