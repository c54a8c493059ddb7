package io.github.blip2j.text.tokenizer.pattern;

import java.util.Locale;

/**
 * How much work one text may cause. Files bring regular expressions that take exponential time and
 * replacements that grow a text without end; this turns both into an error within about a second.
 *
 * <p>A step is one look at a character or one character written.
 */
public final class Budget {
  private static final long STEPS = 50_000_000;
  private static final long STEPS_PER_CHAR = 500;

  private final long most;
  private long left;

  private Budget(long most) {
    this.most = most;
    this.left = most;
  }

  /** For a text of so many chars. */
  public static Budget of(int length) {
    return new Budget(STEPS + STEPS_PER_CHAR * length);
  }

  /**
   * Takes steps.
   *
   * @throws IllegalArgumentException if none are left
   */
  public void charge(long steps) {
    left -= steps;
    if (left < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tokenizer: text expected to take at most %d steps, got more; %s",
              most,
              "its file asks for too much with this text"));
    }
  }
}
