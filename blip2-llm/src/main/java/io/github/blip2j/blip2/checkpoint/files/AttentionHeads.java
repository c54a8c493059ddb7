package io.github.blip2j.blip2.checkpoint.files;

import java.util.Locale;

/**
 * How many heads the attentions have, which no tensor tells.
 *
 * @param vision in the vision transformer
 * @param qformer in the Q-Former
 */
public record AttentionHeads(int vision, int qformer) {
  /** Checks that there are some. */
  public AttentionHeads {
    if (vision <= 0 || qformer <= 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "AttentionHeads: counts must be positive, got vision=%d, qformer=%d",
              vision,
              qformer));
    }
  }
}
