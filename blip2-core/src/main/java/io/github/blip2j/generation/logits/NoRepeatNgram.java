package io.github.blip2j.generation.logits;

/**
 * Bans each token that would complete an n-gram of this size which the row, prompt included, has.
 */
public record NoRepeatNgram(int size) implements LogitsProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    int suffix = history.length() - (size - 1); // where the last size - 1 ids begin
    for (int start = 0; start < suffix; start++) {
      int completion = history.id(start + size - 1);
      boolean known = completion >= 0 && completion < scores.length;
      if (known && matches(history, start, suffix)) {
        scores[completion] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private boolean matches(TokenHistory history, int start, int suffix) {
    for (int i = 0; i < size - 1; i++) {
      if (history.id(start + i) != history.id(suffix + i)) {
        return false;
      }
    }
    return true;
  }
}
