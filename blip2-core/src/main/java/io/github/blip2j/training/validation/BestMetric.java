package io.github.blip2j.training.validation;

import java.util.Locale;

/**
 * The number by which the best checkpoint is chosen.
 *
 * @param name of an evaluator's number, such as {@code loss} or {@code cider}
 * @param goal which of two values is better
 */
public record BestMetric(String name, Goal goal) {
  private static final String LOGGED = "val_";

  /** Which values are better. */
  public enum Goal {
    /** The smaller one, as of losses. */
    MIN,
    /** The greater one, as of most metrics. */
    MAX;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Checks the name. */
  public BestMetric {
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "validation: name of a metric expected, got a blank one; name it, such as loss");
    }
  }

  /** The smallest value is the best. */
  public static BestMetric min(String name) {
    return new BestMetric(name, Goal.MIN);
  }

  /** The greatest value is the best. */
  public static BestMetric max(String name) {
    return new BestMetric(name, Goal.MAX);
  }

  /**
   * Reads {@code NAME}, of which losses are to be small and everything else great, or {@code
   * min:NAME} or {@code max:NAME}. A name may have the {@code val_} of the log in front.
   */
  public static BestMetric parse(String text) {
    for (Goal goal : Goal.values()) {
      if (text.startsWith(goal + ":")) {
        return new BestMetric(plain(text.substring(goal.toString().length() + 1)), goal);
      }
    }
    String name = plain(text);
    return name.equals("loss") || name.startsWith("loss_") ? min(name) : max(name);
  }

  private static String plain(String name) {
    return name.startsWith(LOGGED) ? name.substring(LOGGED.length()) : name;
  }

  /** Whether a value is better than the best so far; one that is not finite never is. */
  boolean isBetter(double value, double best) {
    return Double.isFinite(value)
        && (Double.isNaN(best) || (goal == Goal.MIN ? value < best : value > best));
  }

  @Override
  public String toString() {
    return goal + ":" + name;
  }
}
