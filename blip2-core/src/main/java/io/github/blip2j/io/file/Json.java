package io.github.blip2j.io.file;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Strict JSON as plain Java values: {@link Map}, {@link List}, {@link String}, {@link Boolean},
 * {@link Literal} for numbers and nulls.
 *
 * <p>Stricter than a tree from the JSON library: a key may appear once, and numbers stay text until
 * a caller requests a type, so {@code 1e9} is never silently a token id.
 */
public final class Json {
  /** A number in the spelling of the file, or {@code null}. */
  record Literal(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  // A vocabulary of a quarter of a million words with its merges has two million.
  private static final int MOST_VALUES = 4_000_000;
  private static final Literal NULL = new Literal("null");

  private final JsonReader reader;
  private final String where;
  private int values;

  private Json(JsonReader reader, String where) {
    this.reader = reader;
    this.where = where;
  }

  /**
   * Parses a JSON object.
   *
   * @param where the file, for messages
   * @throws CheckpointException if the bytes are anything but one JSON object
   */
  static Map<String, Object> parseObject(ByteBuffer utf8, String where) throws CheckpointException {
    GitLfs.requireNone(utf8, where, "JSON");
    return read(
        new ByteArrayInputStream(
            utf8.array(), utf8.arrayOffset() + utf8.position(), utf8.remaining()),
        where,
        reader -> new Json(reader, where).document());
  }

  /** Consumes JSON piece by piece. */
  public interface Use<T> {
    T read(JsonReader reader) throws IOException;
  }

  /**
   * Reads strict JSON in UTF-8.
   *
   * @param where the file, for messages
   * @throws CheckpointException if the bytes are not valid JSON, or {@code use} throws it
   */
  public static <T> T read(InputStream utf8, String where, Use<T> use) throws CheckpointException {
    try {
      // A decoder object, unlike a charset name, rejects invalid UTF-8.
      JsonReader reader =
          new JsonReader(new InputStreamReader(utf8, StandardCharsets.UTF_8.newDecoder()));
      // The default nesting limit, 255, keeps the recursion from overflowing the stack.
      reader.setStrictness(Strictness.STRICT);
      return use.read(reader);
    } catch (CharacterCodingException e) {
      throw malformed(where, "text expected UTF-8, got other bytes", e);
    } catch (MalformedJsonException | EOFException e) {
      throw malformed(where, "JSON expected, got malformed text", e);
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw malformed(where, "JSON expected, got an error while reading: " + e.getMessage(), e);
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
    if (++values > MOST_VALUES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: JSON expected to hold at most %d values, got more",
              where,
              MOST_VALUES));
    }
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
            String.format(
                Locale.ROOT, "%s: keys expected to differ, got \"%s\" twice", where, key));
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

  /** Whether a value is {@code null} in the file, or absent. */
  static boolean isNull(@Nullable Object value) {
    return value == null || value.equals(NULL);
  }

  /** A value in a message: shortened, strings in quotes. */
  public static String describe(Object value) {
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List<?> list) {
      return "a list of " + list.size();
    }
    String text = value instanceof String ? "\"" + value + "\"" : value.toString();
    return shortened(text);
  }

  /** A text shortened for a message. */
  public static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  static CheckpointException malformed(String where, String what, IOException cause) {
    CheckpointException exception = new CheckpointException(where + ": " + what);
    exception.initCause(cause);
    return exception;
  }
}
