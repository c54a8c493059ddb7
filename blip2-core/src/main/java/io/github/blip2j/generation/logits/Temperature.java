package io.github.blip2j.generation.logits;

/** Divides the scores: below 1 sharpens the distribution, above 1 flattens it. */
public record Temperature(float temperature) implements LogitsProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= temperature;
    }
  }
}
