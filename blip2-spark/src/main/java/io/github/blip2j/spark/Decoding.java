package io.github.blip2j.spark;

import io.github.blip2j.generation.GenerationConfig;
import java.io.Serializable;
import java.util.Locale;

/**
 * How texts are decoded.
 *
 * @param beams of beam search, 1 for greedy decoding, or 0 for the model's usual number
 * @param maxNewTokens the length limit, or 0 for the model's usual one
 */
public record Decoding(int beams, int maxNewTokens) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Checks the numbers. */
  public Decoding {
    if (beams < 0 || maxNewTokens < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "spark: beams and maxNewTokens expected 0 or more, got %d and %d",
              beams,
              maxNewTokens));
    }
  }

  /** As the model decodes by default. */
  public static Decoding usual() {
    return new Decoding(0, 0);
  }

  /** The model's own settings, changed as this says. */
  GenerationConfig over(GenerationConfig own) {
    GenerationConfig config = beams > 0 ? own.numBeams(beams) : own;
    return maxNewTokens > 0 ? config.maxNewTokens(maxNewTokens) : config;
  }
}
