package io.github.blip2j.io;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Strict JSON as plain Java values: {@link Map}, {@link List}, {@link String}, {@link Boolean},
 * {@link Literal} for numbers and nulls.
 *
 * <p>Stricter than a tree from the JSON library: a key may appear once, and numbers stay text until
 * somebody says what they should be, so {@code 1e9} is never silently a token id.
 */
final class Json {
  /** A number as the file spells it, or {@code null}. */
  record Literal(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  private static final Literal NULL = new Literal("null");

  private final JsonReader reader;
  private final String where;

  private Json(JsonReader reader, String where) {
    this.reader = reader;
    this.where = where;
  }

  /**
   * The object that {@code utf8} spells.
   *
   * @param where the file, for messages
   * @throws CheckpointException if the bytes are anything but one JSON object
   */
  static Map<String, Object> parseObject(ByteBuffer utf8, String where) throws CheckpointException {
    GitLfs.requireNone(utf8, where, "JSON");
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
      JsonReader reader = new JsonReader(new StringReader(text));
      // The default nesting limit, 255, keeps the recursion below off the stack's edge.
      reader.setStrictness(Strictness.STRICT);
      return new Json(reader, where).document();
    } catch (CharacterCodingException e) {
      throw malformed(where, "text expected UTF-8, got other bytes", e);
    } catch (MalformedJsonException | EOFException e) {
      throw malformed(where, "JSON expected, got malformed text", e);
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("reading from memory", e);
    }
  }

  private Map<String, Object> document() throws IOException {
    if (reader.peek() != JsonToken.BEGIN_OBJECT) {
      throw new CheckpointException(
          where + ": JSON object expected, got " + describe(value()) + " at the top");
    }
    Map<String, Object> object = object();
    // Any further token is malformed in strict JSON, which peek reports.
    if (reader.peek() != JsonToken.END_DOCUMENT) {
      throw new CheckpointException(where + ": one JSON object expected, got more after it");
    }
    return object;
  }

  private Object value() throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object();
      case BEGIN_ARRAY -> array();
      case STRING -> reader.nextString();
      case NUMBER -> new Literal(reader.nextString());
      case BOOLEAN -> reader.nextBoolean();
      case NULL -> {
        reader.nextNull();
        yield NULL;
      }
      case NAME, END_OBJECT, END_ARRAY, END_DOCUMENT ->
          throw new MalformedJsonException("value expected");
    };
  }

  private Map<String, Object> object() throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (object.put(key, value()) != null) {
        throw new CheckpointException(
            "%s: keys expected to differ, got \"%s\" twice".formatted(where, key));
      }
    }
    reader.endObject();
    return object;
  }

  private List<Object> array() throws IOException {
    List<Object> array = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(value());
    }
    reader.endArray();
    return array;
  }

  /** Whether a value is {@code null} in the file, or there is none. */
  static boolean isNull(@Nullable Object value) {
    return value == null || value.equals(NULL);
  }

  /** How a message shows a value: short, strings in quotes. */
  static String describe(Object value) {
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List<?> list) {
      return "a list of " + list.size();
    }
    String text = value instanceof String ? "\"" + value + "\"" : value.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  private static CheckpointException malformed(String where, String what, IOException cause) {
    CheckpointException exception = new CheckpointException(where + ": " + what);
    exception.initCause(cause);
    return exception;
  }
}
