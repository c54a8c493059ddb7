package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON object, read with errors that name them. A null counts as missing. */
final class Fields {
  private static final Pattern DECIMAL =
      Pattern.compile(
          "[+-]?([0-9]{1,400}([.][0-9]{0,400})?|[.][0-9]{1,400})([eE][+-]?[0-9]{1,9})?");

  private final String path; // with a dot at its end, or empty
  private final JsonObject json;
  private final boolean texts; // for all values, as in forms and queries

  Fields(String path, JsonObject json) {
    this(path, json, false);
  }

  private Fields(String path, JsonObject json, boolean texts) {
    this.path = path;
    this.json = json;
    this.texts = texts;
  }

  /** The fields of a form or a query, whose numbers and truths are written as texts. */
  static Fields ofTexts(JsonObject json) {
    return new Fields("", json, true);
  }

  /** The full name of a field. */
  String path(String name) {
    return path + name;
  }

  boolean has(String name) {
    return get(name) != null;
  }

  @Nullable JsonElement get(String name) {
    JsonElement value = json.get(name);
    return value == null || value.isJsonNull() ? null : value;
  }

  /** The value of a field that must be there. */
  JsonElement required(String name, String what) {
    JsonElement value = get(name);
    if (value == null) {
      throw ApiException.invalid(path(name), "%s expected, got none", what);
    }
    return value;
  }

  String string(String name) {
    return text(path(name), required(name, "a string"));
  }

  @Nullable String optionalString(String name) {
    JsonElement value = get(name);
    return value == null ? null : text(path(name), value);
  }

  /** The text of a value. */
  static String text(String path, JsonElement value) {
    if (!(value instanceof JsonPrimitive primitive) || !primitive.isString()) {
      throw ApiException.invalid(path, "a string expected, got %s", kind(value));
    }
    return value.getAsString();
  }

  @Nullable Boolean optionalBool(String name) {
    JsonElement value = get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof JsonPrimitive primitive) {
      if (primitive.isBoolean()) {
        return primitive.getAsBoolean();
      }
      String text = primitive.getAsString();
      if (texts && (text.equals("true") || text.equals("false"))) {
        return Boolean.valueOf(text);
      }
    }
    throw ApiException.invalid(path(name), "true or false expected, got %s", kind(value));
  }

  boolean bool(String name) {
    return Boolean.TRUE.equals(optionalBool(name));
  }

  @Nullable Double optionalNumber(String name) {
    JsonElement value = get(name);
    if (value == null) {
      return null;
    }
    String text = number(value);
    if (text != null) {
      double number = Double.parseDouble(text);
      if (Double.isFinite(number)) {
        return number;
      }
    }
    throw ApiException.invalid(path(name), "a number expected, got %s", kind(value));
  }

  /** The decimal digits of a value, or null if it is no number. */
  private @Nullable String number(JsonElement value) {
    if (!(value instanceof JsonPrimitive primitive)
        || primitive.isBoolean()
        || (primitive.isString() && !texts)) {
      return null;
    }
    String text = primitive.getAsString().strip();
    return DECIMAL.matcher(text).matches() ? text : null;
  }

  @Nullable Integer optionalInteger(String name) {
    Double number = optionalNumber(name);
    if (number == null) {
      return null;
    }
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw ApiException.invalid(
          path(name), "a whole number of at most 31 bits expected, got %s", number);
    }
    return number.intValue();
  }

  @Nullable Long optionalLong(String name) {
    JsonElement value = get(name);
    if (value == null) {
      return null;
    }
    String text = number(value);
    try {
      if (text != null) {
        return new BigDecimal(text).longValueExact();
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // told below
    }
    throw ApiException.invalid(
        path(name), "a whole number of at most 64 bits expected, got %s", kind(value));
  }

  int integer(String name, int fallback, int least, int most) {
    Integer given = optionalInteger(name);
    if (given != null && (given < least || given > most)) {
      throw ApiException.invalid(path(name), "%d to %d expected, got %d", least, most, given);
    }
    return given == null ? fallback : given;
  }

  /** A list of texts, or one text. */
  List<String> strings(String name, int most) {
    JsonElement value = required(name, "a list of strings");
    if (!(value instanceof JsonArray array)) {
      return List.of(text(path(name), value));
    }
    requireCount(path(name), array, most);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      texts.add(text(path(name) + "[" + i + "]", array.get(i)));
    }
    return texts;
  }

  static void requireCount(String path, JsonArray array, int most) {
    if (array.isEmpty() || array.size() > most) {
      throw ApiException.invalid(path, "1 to %d elements expected, got %d", most, array.size());
    }
  }

  /** Refuses fields of other names, which are likely to be slips. */
  void requireKnown(Set<String> names) {
    Set<String> unknown = new TreeSet<>(json.keySet());
    unknown.removeAll(names);
    if (!unknown.isEmpty()) {
      String first = unknown.iterator().next();
      throw ApiException.invalid(
          path(first), "a field of %s expected, got this", new TreeSet<>(names));
    }
  }

  static String kind(JsonElement value) {
    if (value.isJsonObject()) {
      return "an object";
    }
    if (value.isJsonArray()) {
      return "a list";
    }
    String text = value.toString();
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  static JsonObject object(String path, JsonElement value) {
    if (!value.isJsonObject()) {
      throw ApiException.invalid(path, "an object expected, got %s", kind(value));
    }
    return value.getAsJsonObject();
  }

  static JsonArray array(String path, JsonElement value) {
    if (!value.isJsonArray()) {
      throw ApiException.invalid(path, "a list expected, got %s", kind(value));
    }
    return value.getAsJsonArray();
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
