package io.github.blip2j.blip2.text;

import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Checks of public methods' arguments, whose messages name the argument. */
public final class Arguments {
  private Arguments() {}

  /** {@code value}, which must not be null. */
  public static <T> T required(String where, String what, T value) {
    return Objects.requireNonNull(value, () -> where + ": " + what + " expected, got null");
  }

  /** {@code values}, which must be at least one and not null. */
  public static <T> List<T> requiredAll(String where, String what, List<T> values) {
    required(where, what + "s", values).forEach(value -> required(where, what, value));
    if (values.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: %ss expected at least 1, got 0", where, what));
    }
    return values;
  }

  /** Checks that there is one text for each image. */
  public static void paired(String where, List<?> images, List<?> texts) {
    if (images.size() != texts.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: texts expected one for each of %d images, got %d",
              where,
              images.size(),
              texts.size()));
    }
  }
}
