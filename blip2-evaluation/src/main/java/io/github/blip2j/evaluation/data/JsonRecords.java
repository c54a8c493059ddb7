package io.github.blip2j.evaluation.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.data.DataException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Reads the records of a JSON file one by one, so that the annotations of VQAv2 need no tree of a
 * gigabyte. A file is a list of records, a record on each line, an object of records by their ids
 * (GQA), or an object with lists of records by their names (COCO, VQAv2).
 */
final class JsonRecords {
  private static final int LONGEST_LINE = 1 << 20; // a longer first line is a whole document

  /** What the files of COCO and VQAv2 hold beside records. */
  private static final Set<String> ABOUT = Set.of("info", "license");

  /** Receives records. */
  interface Consumer {
    /**
     * Takes a record.
     *
     * @param list the name of its list, or empty
     * @param key the key of the record itself, or empty
     * @param where the record, for messages
     */
    void accept(String list, String key, JsonObject record, String where) throws DataException;

    /** Takes a value of the file itself, such as VQAv2's {@code data_subtype}. */
    default void about(String key, String value) {}
  }

  private final Path file;
  private final Consumer consumer;
  private int records;

  private JsonRecords(Path file, Consumer consumer) {
    this.file = file;
    this.consumer = consumer;
  }

  /**
   * Reads a file.
   *
   * @param what the expected content, for messages
   * @throws DataException if there is no such file, it is no JSON, or holds no record
   */
  static void read(Path file, String what, Consumer consumer) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          String.format(Locale.ROOT, "%s: %s expected, got no file; check the path", file, what));
    }
    var reading = new JsonRecords(file, consumer);
    try (BufferedReader text = Files.newBufferedReader(file)) {
      if (reading.hasLines(text)) {
        reading.lines(text);
      } else {
        reading.document(text);
      }
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
    if (reading.records == 0) {
      throw new DataException(
          String.format(Locale.ROOT, "%s: %s expected at least 1, got none", file, what));
    }
  }

  /** Whether the file has an object on each line, and skips a byte order mark. */
  private boolean hasLines(BufferedReader text) throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    text.mark(LONGEST_LINE + 2);
    char[] start = new char[LONGEST_LINE];
    int length = 0;
    for (int read = 0; read >= 0 && length < start.length; length += Math.max(read, 0)) {
      read = text.read(start, length, start.length - length);
    }
    text.reset();
    if (length > 0 && start[0] == '\uFEFF') {
      text.read();
      start[0] = ' ';
    }
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return true;
    }
    String[] lines = new String(start, 0, length).strip().split("\\R\\s*", 3);
    return lines.length > 1 && lines[0].endsWith("}") && lines[1].startsWith("{");
  }

  private void lines(BufferedReader text) throws IOException {
    int number = 0;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      number++;
      if (!line.isBlank()) {
        String where = "line " + number;
        JsonReader json = strict(new JsonReader(new StringReader(line)));
        record("", "", json, where);
        require(json, JsonToken.END_DOCUMENT, where);
      }
    }
  }

  private void document(BufferedReader text) throws IOException {
    JsonReader json = strict(new JsonReader(text));
    switch (peek(json, "the file")) {
      case BEGIN_ARRAY -> list("", json);
      case BEGIN_OBJECT -> object(json);
      default -> throw wrong("the file", "a list or an object of records");
    }
    require(json, JsonToken.END_DOCUMENT, "the end");
  }

  private void list(String name, JsonReader json) throws IOException {
    String of = name.isEmpty() ? "" : " of " + name;
    try {
      json.beginArray();
      for (int number = 1; json.hasNext(); number++) {
        record(name, "", json, "record " + number + of);
      }
      json.endArray();
    } catch (MalformedJsonException | EOFException e) {
      throw malformed("the list" + of, e);
    }
  }

  private void object(JsonReader json) throws IOException {
    String key = "";
    try {
      json.beginObject();
      while (json.hasNext()) {
        key = json.nextName();
        switch (json.peek()) {
          case BEGIN_ARRAY -> list(key, json);
          case BEGIN_OBJECT -> {
            if (ABOUT.contains(key)) {
              json.skipValue();
            } else {
              record("", key, json, "record \"" + key + '"');
            }
          }
          case STRING, NUMBER -> consumer.about(key, json.nextString());
          default -> json.skipValue();
        }
      }
      json.endObject();
    } catch (MalformedJsonException | EOFException e) {
      throw malformed("after \"" + key + '"', e);
    }
  }

  private void record(String list, String key, JsonReader json, String where) throws IOException {
    JsonElement value;
    try {
      value = JsonParser.parseReader(json);
    } catch (JsonParseException e) {
      throw new DataException(
          String.format(Locale.ROOT, "%s: %s expected JSON, got malformed text", file, where), e);
    }
    if (value.isJsonObject()) {
      records++;
      consumer.accept(list, key, value.getAsJsonObject(), file + ": " + where);
    } else if (list.isEmpty()) {
      throw wrong(where, "an object");
    }
  }

  private JsonToken peek(JsonReader json, String where) throws IOException {
    try {
      return json.peek();
    } catch (MalformedJsonException | EOFException e) {
      throw malformed(where, e);
    }
  }

  private void require(JsonReader json, JsonToken token, String where) throws IOException {
    if (peek(json, where) != token) {
      throw wrong(where, "one JSON value");
    }
  }

  private static JsonReader strict(JsonReader json) {
    json.setStrictness(Strictness.STRICT);
    return json;
  }

  private DataException wrong(String where, String expected) {
    return new DataException(
        String.format(
            Locale.ROOT, "%s: %s expected %s, got something else", file, where, expected));
  }

  private DataException malformed(String where, IOException cause) {
    return new DataException(
        String.format(Locale.ROOT, "%s: %s expected JSON, got malformed text", file, where), cause);
  }
}
