package io.github.blip2j.io.file;

import java.util.Locale;

/** Numbers of a {@code config.json} with their range, so that messages name file and key. */
public final class NumberKeys {
  private NumberKeys() {}

  /**
   * The epsilon of norms.
   *
   * @param absent its value where the file has none
   * @throws CheckpointException if it is negative or not finite
   */
  public static double eps(ConfigJson json, String key, double absent) throws CheckpointException {
    double value = json.doubleAt(key, absent);
    return require(json, key, value, "0 or more", value >= 0 && Double.isFinite(value));
  }

  /**
   * A probability of dropout.
   *
   * @param absent its value where the file has none
   * @throws CheckpointException if it is not in [0, 1)
   */
  public static double probability(ConfigJson json, String key, double absent)
      throws CheckpointException {
    double value = json.doubleAt(key, absent);
    return require(json, key, value, "in [0, 1)", value >= 0 && value < 1);
  }

  private static double require(
      ConfigJson json, String key, double value, String expected, boolean holds)
      throws CheckpointException {
    if (!holds) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s.%s expected %s, got %s; correct it to the model's",
              json,
              key,
              expected,
              value));
    }
    return value;
  }
}
