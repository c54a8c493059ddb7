package io.github.blip2j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object or row of a file, with errors that name file, place and key.
 *
 * @param file name of the file
 * @param where the object's place in it
 * @param json the object
 */
public record RecordObject(String file, String where, JsonObject json) {
  private static final int MOST_KEYS = 8; // in a message
  private static final int MOST_LETTERS = 40;

  // What pandas writes of a column of lists; apostrophes make double quotes of single ones.
  private static final Pattern LIST_OF_PYTHON =
      Pattern.compile("\\s*\\[(?:'.*['\"]|\".*')\\]\\s*", Pattern.DOTALL);

  /**
   * An element that must be an object.
   *
   * @throws DataException if it is another value
   */
  static RecordObject of(String file, String where, JsonElement element) throws DataException {
    if (!element.isJsonObject()) {
      throw wrong(file, where, "an object", element);
    }
    return new RecordObject(file, where, element.getAsJsonObject());
  }

  /** Whether there is a key, null or not. */
  boolean has(String key) {
    return json.has(key);
  }

  Set<String> keys() {
    return json.keySet();
  }

  /** A string, or null if the key is missing. A JSON null is an error. */
  @Nullable String string(String key) throws DataException {
    @Nullable JsonElement value = json.get(key);
    return value == null ? null : string(key, value);
  }

  private String string(String key, JsonElement value) throws DataException {
    if (!isString(value)) {
      throw noText(key, "a string", value);
    }
    return value.getAsString();
  }

  /** A string of a list, or in place of one: not the list as Python prints it. */
  private String text(String key, JsonElement value) throws DataException {
    String text = string(key, value);
    if (LIST_OF_PYTHON.matcher(text).matches()) {
      throw error(
          String.format(
              Locale.ROOT,
              "%s expected one text or a JSON list, got a list as Python prints it, %s; write it"
                  + " with json.dumps",
              key,
              plain(text)));
    }
    return text;
  }

  /** A string that must be there. */
  String requiredString(String key) throws DataException {
    @Nullable String value = string(key);
    if (value == null) {
      throw lacks(key);
    }
    return value;
  }

  /** An id that must be there. */
  String requiredId(String key) throws DataException {
    @Nullable String value = id(key);
    if (value == null) {
      throw lacks(key);
    }
    return value;
  }

  DataException lacks(String key) {
    return error(String.format(Locale.ROOT, "key expected %s, got %s", key, shownKeys()));
  }

  /** A string or number as a string, or null if there is none. */
  @Nullable String id(String key) throws DataException {
    @Nullable JsonElement value = json.get(key);
    if (value == null || value.isJsonNull()) {
      return null;
    }
    if (!value.isJsonPrimitive() || value.getAsJsonPrimitive().isBoolean()) {
      throw noText(key, "a string or a number", value);
    }
    return value.getAsString();
  }

  /**
   * The string or number of the first of these keys that has a value other than null, as a string;
   * null if none has.
   *
   * @throws DataException if it is another value
   */
  public @Nullable String text(String... keysOfIt) throws DataException {
    for (String key : keysOfIt) {
      @Nullable String value = id(key);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  /**
   * As {@link #text}, but it must be there.
   *
   * @throws DataException naming the keys if none has a value
   */
  public String requiredText(String... keysOfIt) throws DataException {
    @Nullable String value = text(keysOfIt);
    if (value == null) {
      for (String key : keysOfIt) {
        if (json.has(key)) {
          throw noText(key, "a string or a number", JsonNull.INSTANCE);
        }
      }
      throw lacks(String.join(" or ", keysOfIt));
    }
    return value;
  }

  /** One string or a list of at least one, or null if the key is missing. */
  @Nullable List<String> strings(String key) throws DataException {
    @Nullable JsonElement value = json.get(key);
    if (value == null) {
      return null;
    }
    if (!value.isJsonArray()) {
      return List.of(text(key, value));
    }
    List<String> strings = new ArrayList<>();
    for (JsonElement each : value.getAsJsonArray()) {
      strings.add(text(key, each));
    }
    if (strings.isEmpty()) {
      throw new DataException(
          String.format(
              Locale.ROOT, "%s: %s: %s expected strings, got an empty list", file, where, key));
    }
    return strings;
  }

  /**
   * As {@link #strings}, or null if the value is null or an empty list, as in test sets. Numbers
   * are texts too, such as the answer 2.
   */
  @Nullable List<String> optionalStrings(String key) throws DataException {
    @Nullable JsonElement value = json.get(key);
    if (value == null || value.isJsonNull()) {
      return null;
    }
    List<String> strings = new ArrayList<>();
    for (JsonElement each : value.isJsonArray() ? value.getAsJsonArray() : List.of(value)) {
      boolean number = each.isJsonPrimitive() && each.getAsJsonPrimitive().isNumber();
      strings.add(number ? each.getAsString() : text(key, each));
    }
    return strings.isEmpty() ? null : strings;
  }

  /** A string, or null if there is none; other values have other meanings. */
  @Nullable String word(String key) {
    @Nullable JsonElement value = json.get(key);
    return value != null && isString(value) ? value.getAsString() : null;
  }

  /** The objects of a list, empty if the key is missing. */
  List<RecordObject> objects(String key) throws DataException {
    @Nullable JsonElement value = json.get(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isJsonArray()) {
      throw wrong(file, where + ": " + key, "a list", value);
    }
    List<RecordObject> objects = new ArrayList<>();
    JsonArray array = value.getAsJsonArray();
    for (int i = 0; i < array.size(); i++) {
      objects.add(of(file, where + ": " + key + " " + (i + 1), array.get(i)));
    }
    return objects;
  }

  /** Whether a key has a list of objects. */
  boolean hasObjects(String key) {
    @Nullable JsonElement value = json.get(key);
    return value != null
        && value.isJsonArray()
        && !value.getAsJsonArray().isEmpty()
        && value.getAsJsonArray().get(0).isJsonObject();
  }

  /** An index, or null if the key is missing or null. */
  @Nullable Integer index(String key) throws DataException {
    @Nullable String value = id(key);
    try {
      return value == null ? null : Integer.valueOf(value);
    } catch (NumberFormatException e) {
      throw error(String.format(Locale.ROOT, "%s expected an index, got %s", key, plain(value)));
    }
  }

  /** An error about this object: what of it was expected, and what it has. */
  public DataException error(String message) {
    return new DataException(file + ": " + where + ": " + message);
  }

  /** The error for objects of other formats, with advice about the missing keys. */
  DataException otherKeys() {
    boolean question = has("question") || has("answer") || has("answers");
    return error(
        String.format(
            Locale.ROOT,
            "keys expected image and caption, or file_name and text, got %s; %s",
            shownKeys(),
            question
                ? "write the image's path as image, and the question with its answer"
                : "write one record for each image, its path as image and its caption as caption"));
  }

  /** The first keys, for a message. */
  public String shownKeys() {
    List<String> shown = keys().stream().limit(MOST_KEYS).map(RecordObject::plain).toList();
    String more = keys().size() > MOST_KEYS ? ", ..." : "";
    return shown.isEmpty() ? "none" : String.join(", ", shown) + more;
  }

  /** A text of a file, short and printable. */
  static String plain(String text) {
    String printable = text.replaceAll("\\p{C}", "?");
    return printable.length() <= MOST_LETTERS
        ? printable
        : printable.substring(0, MOST_LETTERS) + "...";
  }

  private static boolean isString(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
  }

  private static DataException wrong(
      String file, String where, String expected, JsonElement value) {
    return new DataException(
        String.format(
            Locale.ROOT, "%s: %s expected %s, got %s", file, where, expected, kind(value)));
  }

  private DataException noText(String key, String expected, JsonElement value) {
    String advice = value.isJsonPrimitive() ? "write it in quotes" : "write one text";
    return error(
        String.format(
            Locale.ROOT,
            "%s expected %s, got %s; %s",
            key,
            expected,
            kind(value),
            value.isJsonNull() ? "write a text, or leave the record out" : advice));
  }

  private static String kind(JsonElement value) {
    if (value.isJsonPrimitive()) {
      JsonPrimitive primitive = value.getAsJsonPrimitive();
      return primitive.isString() ? "a string" : primitive.isNumber() ? "a number" : "a boolean";
    }
    return value.isJsonArray() ? "a list" : value.isJsonObject() ? "an object" : "null";
  }
}
