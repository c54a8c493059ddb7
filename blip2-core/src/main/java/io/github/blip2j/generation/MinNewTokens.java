package io.github.blip2j.generation;

/** Bans all end tokens until the row has this many new tokens. */
record MinNewTokens(int count, EndTokens ends) implements ScoreProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    if (history.newTokens() < count) {
      ends.ban(scores);
    }
  }
}
