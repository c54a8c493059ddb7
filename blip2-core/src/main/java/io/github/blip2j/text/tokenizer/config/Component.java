package io.github.blip2j.text.tokenizer.config;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.pattern.FilePattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON object of one part of a tokenizer, with getters that name the file and the key if a
 * value is missing or of the wrong kind. Values are maps, lists, strings, booleans and doubles;
 * {@code null} in the file counts as absent.
 */
public final class Component {
  private static final int LONGEST_STRING = 1000;
  private static final int DEEPEST = 20;

  private final String where;
  private final Map<String, Object> values;
  private final int depth;

  private Component(String where, Map<String, Object> values, int depth) {
    this.where = where;
    this.values = values;
    this.depth = depth;
  }

  /**
   * The object under a key of the file.
   *
   * @throws CheckpointException if the value is no object
   */
  static @Nullable Component of(String file, String key, @Nullable Object value)
      throws CheckpointException {
    return value == null ? null : new Component(file + ": " + key, map(file, key, value), 0);
  }

  /** The component's type, as in {@code "ByteLevel"}. */
  public String type() throws CheckpointException {
    return string("type");
  }

  Set<String> keys() {
    return values.keySet();
  }

  public boolean has(String key) {
    return values.get(key) != null;
  }

  public Component child(String key) throws CheckpointException {
    Map<String, Object> map = map(where, key, require(key));
    return new Component(where + "." + key, map, depth);
  }

  /** The objects in a list, nested one level deeper. */
  public List<Component> children(String key) throws CheckpointException {
    if (depth == DEEPEST) {
      throw error("at most " + DEEPEST + " sequences within another, got more");
    }
    List<Component> children = new ArrayList<>();
    for (Object value : list(key)) {
      String place = String.format(Locale.ROOT, "%s[%d]", key, children.size());
      children.add(new Component(where + "." + place, map(where, place, value), depth + 1));
    }
    return children;
  }

  List<?> list(String key) throws CheckpointException {
    Object value = require(key);
    if (value instanceof List<?> list) {
      return list;
    }
    throw unexpected(key, "a list");
  }

  public boolean flag(String key, boolean absent) throws CheckpointException {
    Object value = values.get(key);
    if (value == null) {
      return absent;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw unexpected(key, "true or false");
  }

  public boolean flag(String key) throws CheckpointException {
    require(key);
    return flag(key, false);
  }

  public boolean isZero(String key) {
    return values.get(key) instanceof Double number && number == 0;
  }

  public int integer(String key) throws CheckpointException {
    return integer(key, require(key));
  }

  private int integer(String key, Object value) throws CheckpointException {
    if (value instanceof Double number
        && number == Math.rint(number)
        && number >= 0
        && number <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw unexpected(key, "an integer of 31 bits");
  }

  public List<Integer> integers(String key) throws CheckpointException {
    List<Integer> integers = new ArrayList<>();
    for (Object value : list(key)) {
      integers.add(integer(key, value));
    }
    return integers;
  }

  /** A string of any length, such as a table. */
  public String text(String key) throws CheckpointException {
    if (require(key) instanceof String string) {
      return string;
    }
    throw unexpected(key, "a string");
  }

  public String string(String key) throws CheckpointException {
    String text = text(key);
    if (text.length() > LONGEST_STRING) {
      throw unexpected(key, "at most " + LONGEST_STRING + " characters");
    }
    return text;
  }

  public String string(String key, String absent) throws CheckpointException {
    return has(key) ? string(key) : absent;
  }

  /** A string of one character. */
  public String character(String key) throws CheckpointException {
    String string = string(key);
    if (string.codePointCount(0, string.length()) != 1) {
      throw unexpected(key, "one character");
    }
    return string;
  }

  /** A token and its id, as in {@code ["[SEP]", 102]}; returns the id. */
  public int tokenId(String key) throws CheckpointException {
    List<?> pair = list(key);
    if (pair.size() == 2 && pair.get(0) instanceof String) {
      return integer(key, pair.get(1));
    }
    throw unexpected(key, "a token and its id");
  }

  /** A pattern: {@code {"String": ...}} or {@code {"Regex": ...}}. */
  public FilePattern pattern(String key) throws CheckpointException {
    Component pattern = child(key);
    if (pattern.has("String")) {
      return FilePattern.literal(pattern.string("String"));
    }
    try {
      return FilePattern.regex(pattern.text("Regex"));
    } catch (IllegalArgumentException e) {
      throw pattern.error(String.valueOf(e.getMessage()), e);
    }
  }

  public CheckpointException unsupported(String kind) throws CheckpointException {
    return error(
        String.format(Locale.ROOT, "%s expected to be a supported one, got %s", kind, type()));
  }

  public CheckpointException error(String what) {
    return new CheckpointException(where + ": " + what);
  }

  public CheckpointException error(String what, Exception cause) {
    CheckpointException exception = error(what);
    exception.initCause(cause);
    return exception;
  }

  private Object require(String key) throws CheckpointException {
    @Nullable Object value = values.get(key);
    if (value == null) {
      throw new CheckpointException(String.format(Locale.ROOT, "%s.%s is missing", where, key));
    }
    return value;
  }

  private CheckpointException unexpected(String key, String expected) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s.%s expected %s, got %s",
            where,
            key,
            expected,
            shown(values.get(key))));
  }

  private static String shown(@Nullable Object value) {
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List<?> list) {
      return "a list of " + list.size();
    }
    String text = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  @SuppressWarnings("unchecked") // the reader builds its maps with String keys
  private static Map<String, Object> map(String where, String key, Object value)
      throws CheckpointException {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new CheckpointException(
        String.format(Locale.ROOT, "%s: %s expected an object, got %s", where, key, shown(value)));
  }
}
