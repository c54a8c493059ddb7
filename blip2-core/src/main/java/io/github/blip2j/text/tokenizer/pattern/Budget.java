package io.github.blip2j.text.tokenizer.pattern;

import java.util.Locale;

/**
 * The number of steps that one text may take. A file's regular expressions may take exponential
 * time, and its replacements may grow a text without end; the budget turns both into an error
 * within about a second.
 *
 * <p>A step is one character inspected or written.
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

  /** The budget of a text of so many chars. */
  public static Budget of(int length) {
    return new Budget(STEPS + STEPS_PER_CHAR * length);
  }

  /**
   * Uses up steps.
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
