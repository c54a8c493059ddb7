package io.github.blip2j.mcp;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The arguments of a call, read with errors that name them. A null counts as missing. */
final class Arguments {
  private static final int MOST_CHARACTERS = 10_000;

  private final Map<String, Object> values;

  /**
   * Arguments.
   *
   * @param values null if a call has none
   * @param known the names that the tool takes
   */
  Arguments(@Nullable Map<String, Object> values, Set<String> known) {
    this.values = values == null ? Map.of() : values;
    Set<String> unknown = new TreeSet<>(this.values.keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw wrong(unknown.iterator().next(), "one of " + new TreeSet<>(known), "this");
    }
  }

  String text(String name) {
    @Nullable String text = optionalText(name);
    if (text == null || text.isBlank()) {
      throw wrong(name, "text", text == null ? "none" : "a blank");
    }
    return text;
  }

  @Nullable String optionalText(String name) {
    @Nullable Object value = values.get(name);
    return value == null ? null : text(name, value);
  }

  private static String text(String name, Object value) {
    if (!(value instanceof String text)) {
      throw wrong(name, "text", kind(value));
    }
    if (text.length() > MOST_CHARACTERS) {
      throw wrong(name, "at most " + MOST_CHARACTERS + " characters", "" + text.length());
    }
    return text;
  }

  List<String> texts(String name, int most) {
    @Nullable Object value = values.get(name);
    if (!(value instanceof List<?> list)) {
      throw wrong(name, "list of texts", value == null ? "none" : kind(value));
    }
    if (list.isEmpty() || list.size() > most) {
      throw wrong(name, "1 to " + most + " texts", "" + list.size());
    }
    List<String> texts = new ArrayList<>();
    for (Object one : list) {
      String text = text(name, one);
      if (text.isBlank()) {
        throw wrong(name, "texts", "a blank");
      }
      texts.add(text);
    }
    return texts;
  }

  int integer(String name, int usual, int least, int most) {
    @Nullable Object value = values.get(name);
    if (value == null) {
      return usual;
    }
    double number = value instanceof Number given ? given.doubleValue() : Double.NaN;
    if (number != Math.rint(number) || number < least || number > most) {
      String range = String.format(Locale.ROOT, "whole number of %d to %d", least, most);
      throw wrong(name, range, kind(value));
    }
    return (int) number;
  }

  /** The beginning of a day, here. */
  @Nullable Instant day(String name) {
    @Nullable String text = optionalText(name);
    try {
      return text == null
          ? null
          : LocalDate.parse(text).atStartOfDay(ZoneId.systemDefault()).toInstant();
    } catch (DateTimeException e) {
      throw wrong(name, "day as 2023-05-31", "'" + text + "'");
    }
  }

  private static String kind(Object value) {
    if (value instanceof Map) {
      return "an object";
    }
    return value instanceof List ? "a list" : String.valueOf(value);
  }

  private static IllegalArgumentException wrong(String name, String expected, String got) {
    return new IllegalArgumentException(name + ": " + expected + " expected, got " + got);
  }
}
