package io.github.blip2j.io.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object from a configuration file. Its getters name the file and the key if a value is
 * missing or of the wrong kind. A {@code null} in the file counts as absent, except for {@link
 * #isNull}.
 */
public final class ConfigJson {
  // Configurations take kilobytes; this limit only keeps a wrong file from filling the heap.
  private static final long MAX_BYTES = 100_000_000;

  // Far above any model; a sum of two still fits an int.
  private static final int MAX_SIZE = 1 << 30;

  private final String fileName;
  private final String path;
  private final Map<String, Object> values;

  private ConfigJson(String fileName, String path, Map<String, Object> values) {
    this.fileName = fileName;
    this.path = path;
    this.values = values;
  }

  /**
   * Reads a file such as {@code config.json}.
   *
   * @throws CheckpointException if there is no such file or it isn't one JSON object
   */
  public static ConfigJson read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(file + ": file expected, got none; check the path");
    }
    String name = ReadableFile.nameOf(file);
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT, "%s: file expected at most %d bytes, got %d", name, MAX_BYTES, size));
    }
    ByteBuffer utf8 = ByteBuffer.wrap(Files.readAllBytes(file));
    return new ConfigJson(name, "", Json.parseObject(utf8, name));
  }

  /**
   * Parses a configuration from a program's text.
   *
   * @param name its name in messages
   * @throws CheckpointException if the text isn't one JSON object
   */
  public static ConfigJson parse(String name, String json) throws CheckpointException {
    ByteBuffer utf8 = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
    return new ConfigJson(name, "", Json.parseObject(utf8, name));
  }

  /** The same values under another name in messages, such as a whole path among several files. */
  public ConfigJson named(String name) {
    return new ConfigJson(name, path, values);
  }

  /** Whether the key has a value other than {@code null}. */
  public boolean has(String key) {
    return !Json.isNull(values.get(key));
  }

  /**
   * Whether the key is {@code null} in the file, for keys where null differs from an absent key.
   */
  public boolean isNull(String key) {
    return values.containsKey(key) && !has(key);
  }

  /** Whether the key's value is an object, so that {@link #child} would return it. */
  public boolean hasChild(String key) {
    return values.get(key) instanceof Map;
  }

  /** Whether the key's value is a list. */
  public boolean isList(String key) {
    return values.get(key) instanceof List;
  }

  /** Keys that have a value, sorted. */
  public NavigableSet<String> keys() {
    NavigableSet<String> keys = new TreeSet<>(values.keySet());
    keys.removeIf(key -> !has(key));
    return keys;
  }

  /**
   * The object under {@code key}.
   *
   * @throws CheckpointException if it is missing or not an object
   */
  public ConfigJson child(String key) throws CheckpointException {
    return child(key, require(key));
  }

  /**
   * The object under {@code key}, or one without keys if there is none.
   *
   * @throws CheckpointException if the value isn't an object
   */
  public ConfigJson childOrEmpty(String key) throws CheckpointException {
    return has(key) ? child(key) : child(key, Map.of());
  }

  /**
   * The objects in the list under {@code key}, in order.
   *
   * @throws CheckpointException if it is missing or holds anything but objects
   */
  public List<ConfigJson> childrenAt(String key) throws CheckpointException {
    List<ConfigJson> children = new ArrayList<>();
    for (Object value : listOrOne(key)) {
      children.add(child(key, value));
    }
    return List.copyOf(children);
  }

  /**
   * The integer under {@code key}.
   *
   * @throws CheckpointException if it is missing, not an integer, or wider than 32 bits
   */
  public int intAt(String key) throws CheckpointException {
    return toInt(key, require(key));
  }

  /**
   * The integer under {@code key}, or {@code absent}.
   *
   * @throws CheckpointException if the value isn't an integer of 32 bits
   */
  public int intAt(String key, int absent) throws CheckpointException {
    return has(key) ? intAt(key) : absent;
  }

  /**
   * The size under {@code key}, such as a width or a number of layers, or {@code absent}.
   *
   * @throws CheckpointException if the value isn't an integer from 1 to 2^30
   */
  public int sizeAt(String key, int absent) throws CheckpointException {
    int size = intAt(key, absent);
    if (size < 1 || size > MAX_SIZE) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT, "%s: %s expected 1 to %d, got %d", fileName, join(key), MAX_SIZE, size));
    }
    return size;
  }

  /**
   * The integers under {@code key}; a lone integer is a list of one, as in {@code eos_token_id}.
   *
   * @throws CheckpointException if it is missing or holds anything but integers
   */
  public int[] intsAt(String key) throws CheckpointException {
    List<?> list = listOrOne(key);
    int[] ints = new int[list.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = toInt(key, list.get(i));
    }
    return ints;
  }

  /**
   * The number under {@code key}.
   *
   * @throws CheckpointException if it is missing or not a number
   */
  public double doubleAt(String key) throws CheckpointException {
    return toDouble(key, require(key));
  }

  /**
   * The number under {@code key}, or {@code absent}.
   *
   * @throws CheckpointException if the value isn't a number
   */
  public double doubleAt(String key, double absent) throws CheckpointException {
    return has(key) ? doubleAt(key) : absent;
  }

  /**
   * The numbers under {@code key}; a lone number is a list of one.
   *
   * @throws CheckpointException if it is missing or holds anything but numbers
   */
  public double[] doublesAt(String key) throws CheckpointException {
    List<?> list = listOrOne(key);
    double[] doubles = new double[list.size()];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = toDouble(key, list.get(i));
    }
    return doubles;
  }

  /**
   * The boolean under {@code key}.
   *
   * @throws CheckpointException if it is missing or neither {@code true} nor {@code false}
   */
  public boolean booleanAt(String key) throws CheckpointException {
    Object value = require(key);
    if (value instanceof Boolean bool) {
      return bool;
    }
    throw unexpected(key, "true or false", value);
  }

  /**
   * The boolean under {@code key}, or {@code absent}.
   *
   * @throws CheckpointException if the value is neither {@code true} nor {@code false}
   */
  public boolean booleanAt(String key, boolean absent) throws CheckpointException {
    return has(key) ? booleanAt(key) : absent;
  }

  /**
   * The string under {@code key}.
   *
   * @throws CheckpointException if it is missing or not a string
   */
  public String stringAt(String key) throws CheckpointException {
    Object value = require(key);
    if (value instanceof String string) {
      return string;
    }
    throw unexpected(key, "a string", value);
  }

  /**
   * The string under {@code key}, or {@code absent}.
   *
   * @throws CheckpointException if the value isn't a string
   */
  public String stringAt(String key, String absent) throws CheckpointException {
    return has(key) ? stringAt(key) : absent;
  }

  /**
   * The strings under {@code key}, in order; none if it is absent.
   *
   * @throws CheckpointException if it holds anything but strings
   */
  public List<String> stringsAt(String key) throws CheckpointException {
    List<String> strings = new ArrayList<>();
    for (Object value : has(key) ? listOrOne(key) : List.of()) {
      if (!(value instanceof String string)) {
        throw unexpected(key, "strings", value);
      }
      strings.add(string);
    }
    return List.copyOf(strings);
  }

  /**
   * The path of this object, as in {@code config.json: text_config}, for messages about its values.
   */
  @Override
  public String toString() {
    return path.isEmpty() ? fileName : fileName + ": " + path;
  }

  private Object require(String key) throws CheckpointException {
    @Nullable Object value = values.get(key);
    if (value == null || Json.isNull(value)) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: %s is missing", fileName, join(key)));
    }
    return value;
  }

  private List<?> listOrOne(String key) throws CheckpointException {
    Object value = require(key);
    return value instanceof List<?> list ? list : List.of(value);
  }

  @SuppressWarnings("unchecked") // Json builds its maps with String keys
  private ConfigJson child(String key, Object value) throws CheckpointException {
    if (value instanceof Map<?, ?> map) {
      return new ConfigJson(fileName, join(key), (Map<String, Object>) map);
    }
    throw unexpected(key, "an object", value);
  }

  private int toInt(String key, Object value) throws CheckpointException {
    if (value instanceof Json.Literal number) {
      try {
        return Integer.parseInt(number.text());
      } catch (NumberFormatException e) {
        throw unexpected(key, "an integer", value);
      }
    }
    throw unexpected(key, "an integer", value);
  }

  private double toDouble(String key, Object value) throws CheckpointException {
    if (value instanceof Json.Literal number) {
      try {
        return Double.parseDouble(number.text());
      } catch (NumberFormatException e) { // null within a list
        throw unexpected(key, "a number", value);
      }
    }
    throw unexpected(key, "a number", value);
  }

  private CheckpointException unexpected(String key, String kind, Object value) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %s expected %s, got %s",
            fileName,
            join(key),
            kind,
            Json.describe(value)));
  }

  private String join(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
