package io.github.blip2j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonIOException;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The JSON of a data file, read value by value. */
final class JsonText implements AutoCloseable {
  private static final Pattern PLACE = Pattern.compile("line (\\d+) column (\\d+)");

  private final String file;
  private final JsonReader json;

  JsonText(String file, Reader text) {
    this.file = file;
    this.json = new JsonReader(text);
    json.setStrictness(Strictness.STRICT);
  }

  /** Opens a file, behind its byte order mark if it has one. */
  static JsonText open(Path file) throws IOException {
    return new JsonText(file.toString(), reader(file));
  }

  /** The text of a file, behind its byte order mark and the white space at its begin. */
  static BufferedReader reader(Path file) throws IOException {
    BufferedReader text = Files.newBufferedReader(file);
    try {
      skipSpace(text);
      return text;
    } catch (IOException | RuntimeException e) {
      text.close();
      throw e;
    }
  }

  private static void skipSpace(BufferedReader text) throws IOException {
    int first;
    do {
      text.mark(1);
      first = text.read();
    } while (first == '\uFEFF' || Character.isWhitespace(first));
    text.reset();
  }

  /** Reads a value. */
  @FunctionalInterface
  interface Reading<T> {
    T of(JsonReader json) throws IOException;
  }

  /** Goes on in the JSON. */
  @FunctionalInterface
  interface Step {
    void in(JsonReader json) throws IOException;
  }

  /**
   * An error about a file whose bytes are no UTF-8, with what they are instead.
   *
   * @param cause what the decoder threw
   */
  static DataException notUtf8(Path file, CharacterCodingException cause) throws IOException {
    byte[] begin;
    try (InputStream bytes = Files.newInputStream(file)) {
      begin = bytes.readNBytes(2);
    }
    int first = begin.length < 2 ? 0 : ((begin[0] & 0xFF) << 8) | (begin[1] & 0xFF);
    String got =
        switch (first) {
          case 0x1F8B -> "a compressed file; gunzip it";
          case 0x504B -> "a zip file; unzip it";
          case 0xFFFE, 0xFEFF -> "UTF-16; save it as UTF-8";
          default -> "other bytes; save it as UTF-8";
        };
    return new DataException(file + ": text expected UTF-8, got " + got, cause);
  }

  /**
   * Goes on.
   *
   * @param where what is read, in messages
   * @throws DataException if the text is no JSON there
   */
  void step(String where, Step step) throws IOException {
    read(
        where,
        reader -> {
          step.in(reader);
          return true;
        });
  }

  /** Whether the list or object has another member. */
  boolean hasNext(String where) throws IOException {
    return read(where, JsonReader::hasNext);
  }

  /**
   * Reads a value.
   *
   * @param where what is read, in messages
   * @throws DataException if the text is no JSON there
   */
  <T> T read(String where, Reading<T> reading) throws IOException {
    try {
      return reading.of(json);
    } catch (JsonIOException e) { // wraps what the file's reader throws
      if (e.getCause() instanceof CharacterCodingException coding) {
        throw coding;
      }
      throw malformed(where, e);
    } catch (MalformedJsonException
        | EOFException
        | JsonParseException
        | IllegalStateException
        | NumberFormatException e) {
      throw malformed(where, e);
    }
  }

  /** The next value as an object. */
  RecordObject object(String where) throws IOException {
    JsonElement element = read(where, JsonParser::parseReader);
    return RecordObject.of(file, where, element);
  }

  /** Checks that nothing follows. */
  void requireEnd(String where) throws IOException {
    if (read(where, JsonReader::peek) != JsonToken.END_DOCUMENT) {
      throw malformed(where, new MalformedJsonException("one value expected, got more"));
    }
  }

  /** An error about the text. */
  private DataException malformed(String where, Exception cause) {
    Matcher place = PLACE.matcher(json.toString());
    String at =
        !place.find()
            ? ""
            : " near "
                + (place.group(1).equals("1") ? "" : "line " + place.group(1) + ", ")
                + "column "
                + place.group(2);
    return new DataException(
        String.format(
            Locale.ROOT,
            "%s: %s expected JSON, got malformed text%s; mend it: double quotes, no comma behind the"
                + " last, null for NaN",
            file,
            where,
            at),
        cause);
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
