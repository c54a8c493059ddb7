package io.github.blip2j.generation.logits;

/** Bans all end tokens until the row has this many new tokens. */
public record MinNewTokens(int count, EndTokens ends) implements LogitsProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    if (history.newTokens() < count) {
      ends.ban(scores);
    }
  }
}
