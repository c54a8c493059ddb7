package io.github.blip2j.blip2.checkpoint.files;

import java.util.Locale;

/**
 * The numbers of attention heads, which no tensor shows.
 *
 * @param vision in the vision transformer
 * @param qformer in the Q-Former
 */
public record AttentionHeads(int vision, int qformer) {
  /** Checks that both are positive. */
  public AttentionHeads {
    if (vision <= 0 || qformer <= 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "heads expected at least 1 in vision encoder and Q-Former, got %d and %d",
              vision,
              qformer));
    }
  }
}
