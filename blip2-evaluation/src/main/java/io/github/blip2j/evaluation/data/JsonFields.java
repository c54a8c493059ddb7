package io.github.blip2j.evaluation.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.data.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The fields of a record, under any of several names. */
record JsonFields(JsonObject record, String where) {
  private static final Pattern WHOLE = Pattern.compile("0|[1-9][0-9]{0,17}");

  /** A text or a number as text; null if no field has one of these names, or it is null. */
  @Nullable String text(String... names) throws DataException {
    @Nullable JsonElement value = any(names);
    if (value == null) {
      return null;
    }
    if (value instanceof JsonPrimitive one && (one.isString() || one.isNumber())) {
      return one.getAsString();
    }
    throw wrong(names[0], "text or a number", value);
  }

  /** A text or a number as text, which must be there. */
  String required(String... names) throws DataException {
    @Nullable String text = text(names);
    if (text == null) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: keys expected %s, got %s",
              where,
              String.join(" or ", names),
              record.keySet().isEmpty() ? "none" : String.join(", ", record.keySet())));
    }
    return text;
  }

  /** A list of texts, or one text; empty if no field has one of these names. */
  List<String> texts(String... names) throws DataException {
    @Nullable JsonElement value = any(names);
    if (value == null) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (JsonElement each : value instanceof JsonArray list ? list : List.of(value)) {
      if (!(each instanceof JsonPrimitive one) || one.isBoolean()) {
        throw wrong(names[0], "texts", each);
      }
      texts.add(one.getAsString());
    }
    return texts;
  }

  /** The first of these fields that is there and not null. */
  @Nullable JsonElement any(String... names) {
    for (String name : names) {
      @Nullable JsonElement value = record.get(name);
      if (value != null && !value.isJsonNull()) {
        return value;
      }
    }
    return null;
  }

  /** An error about a field. */
  DataException wrong(String name, String expected, JsonElement got) {
    String text = got.toString();
    return new DataException(
        String.format(
            Locale.ROOT,
            "%s: %s expected %s, got %s",
            where,
            name,
            expected,
            text.length() <= 60 ? text : text.substring(0, 60) + "..."));
  }

  /** An id as the benchmarks write it: a number if it is one. */
  static JsonPrimitive id(String id) {
    return WHOLE.matcher(id).matches()
        ? new JsonPrimitive(Long.parseLong(id))
        : new JsonPrimitive(id);
  }
}
