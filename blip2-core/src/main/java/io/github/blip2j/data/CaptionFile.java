package io.github.blip2j.data;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the annotations of caption data sets as LAVIS writes them: a JSON list of records, or one
 * record a line.
 *
 * <pre>{@code
 * {"image": "val2014/000000391895.jpg", "caption": "a man on a bike", "image_id": "coco_391895"}
 * }</pre>
 *
 * <p>Or those that Hugging Face's {@code imagefolder} reads from {@code metadata.jsonl}, with
 * {@code file_name} and {@code text} in place of {@code image} and {@code caption}.
 *
 * <p>The caption may be a list of strings, the {@code image_id} a string, a number or missing.
 * Instead of a caption or beside it there may be a {@code text_output}, the target, and a {@code
 * text_input}, the input before it; or a {@code question} and its {@code answer}, one or a list
 * with an entry for each person, as in LAVIS's files of VQA. Other keys are ignored. A missing
 * value is an error.
 */
public final class CaptionFile {
  private static final List<String> TABLES = List.of(".csv", ".tsv", ".parquet");
  private static final int MOST_KEYS = 8; // in a message
  private static final int MOST_LETTERS = 40;

  private final Path file;
  private final List<CaptionRecord> records = new ArrayList<>();

  private CaptionFile(Path file) {
    this.file = file;
  }

  /**
   * The records of several files, one after the other.
   *
   * @throws DataException naming the file and the record that isn't one
   */
  public static List<CaptionRecord> readAll(List<Path> files) throws IOException {
    List<CaptionRecord> all = new ArrayList<>();
    for (Path file : files) {
      all.addAll(read(file));
    }
    return List.copyOf(all);
  }

  /**
   * The records of a file, in their order.
   *
   * @throws DataException naming the file and the record that isn't one
   */
  public static List<CaptionRecord> read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new DataException(file + ": captions expected, got no file; check the path");
    }
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (TABLES.stream().anyMatch(name::endsWith)) {
      throw new DataException(
          file
              + ": captions expected as JSON, got a table; write each row as {\"image\": ..., "
              + "\"caption\": ...} on a line of its own");
    }
    var reading = new CaptionFile(file);
    try (BufferedReader text = Files.newBufferedReader(file)) {
      if (startsList(text)) {
        reading.list(text);
      } else {
        reading.lines(text);
      }
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
    if (reading.records.isEmpty()) {
      throw new DataException(file + ": captions expected at least 1, got none");
    }
    return reading.records;
  }

  private static boolean startsList(BufferedReader text) throws IOException {
    text.mark(1);
    int first = text.read();
    while (first == '\uFEFF' || Character.isWhitespace(first)) {
      text.mark(1);
      first = text.read();
    }
    text.reset();
    return first == '[';
  }

  private void list(BufferedReader text) throws IOException {
    JsonReader json = strict(new JsonReader(text));
    String next = "the list";
    try {
      json.beginArray();
      for (int number = 1; json.hasNext(); number++) {
        next = "record " + number;
        records.add(record(json, next));
        next = "the list";
      }
      json.endArray();
      requireEnd(json);
    } catch (MalformedJsonException | EOFException e) {
      throw malformed(next, e);
    }
  }

  private void lines(BufferedReader text) throws IOException {
    int number = 0;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      number++;
      if (!line.isBlank()) {
        String where = "line " + number;
        try {
          JsonReader json = strict(new JsonReader(new StringReader(line)));
          records.add(record(json, where));
          requireEnd(json);
        } catch (MalformedJsonException | EOFException e) {
          throw malformed(where, e);
        }
      }
    }
  }

  private static void requireEnd(JsonReader json) throws IOException {
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw new MalformedJsonException("one value expected, got more");
    }
  }

  private static JsonReader strict(JsonReader json) {
    json.setStrictness(Strictness.STRICT);
    return json;
  }

  private CaptionRecord record(JsonReader json, String where) throws IOException {
    if (json.peek() != JsonToken.BEGIN_OBJECT) {
      throw wrong(where, "an object", json);
    }
    @Nullable String image = null;
    @Nullable List<String> captions = null;
    @Nullable String imageId = null;
    @Nullable String fileName = null;
    @Nullable List<String> texts = null;
    String input = "";
    @Nullable String output = null;
    @Nullable String question = null;
    @Nullable List<String> answers = null;
    Set<String> keys = new LinkedHashSet<>();
    json.beginObject();
    while (json.hasNext()) {
      String key = json.nextName();
      keys.add(key);
      switch (key) {
        case "image" -> image = string(json, where + ": image");
        case "file_name" -> fileName = string(json, where + ": file_name");
        case "caption" -> captions = captions(json, where + ": caption");
        case "text" -> texts = captions(json, where + ": text");
        case "image_id" -> imageId = id(json, where + ": image_id");
        case "text_input" -> input = string(json, where + ": text_input");
        case "text_output" -> output = string(json, where + ": text_output");
        case "question" -> question = string(json, where + ": question");
        case "answer" -> answers = captions(json, where + ": answer");
        default -> json.skipValue();
      }
    }
    json.endObject();
    image = image == null ? fileName : image;
    captions = captions == null ? texts : captions;
    if (captions == null && output != null) {
      captions = List.of(output);
    }
    if (captions == null && question != null) {
      captions = answers;
    }
    if (image == null || captions == null) {
      throw otherKeys(where, keys);
    }
    var dialogue = output == null ? null : new CaptionRecord.Dialogue(input, output);
    var asked =
        question == null || answers == null ? null : new CaptionRecord.Question(question, answers);
    return new CaptionRecord(image, captions, imageId, dialogue).withQuestion(asked);
  }

  /** The error for records of other formats, with advice about the missing keys. */
  private DataException otherKeys(String where, Set<String> keys) {
    List<String> shown = keys.stream().limit(MOST_KEYS).map(CaptionFile::plain).toList();
    String more = keys.size() > MOST_KEYS ? ", ..." : "";
    String got = keys.isEmpty() ? "none" : String.join(", ", shown) + more;
    return new DataException(
        String.format(
            Locale.ROOT,
            "%s: %s: keys expected image and caption, or file_name and text, got %s; %s",
            file,
            where,
            got,
            advice(keys)));
  }

  private static String advice(Set<String> keys) {
    if (keys.contains("annotations")) {
      return "write each of the annotations as a record, with its image's file_name as image";
    }
    if (keys.contains("question") || keys.contains("answer")) {
      return "write the image's path as image, and the question with its answer";
    }
    return "write one record for each image, its path as image and its caption as caption";
  }

  private static String plain(String key) {
    String printable = key.replaceAll("\\p{C}", "?");
    return printable.length() <= MOST_LETTERS
        ? printable
        : printable.substring(0, MOST_LETTERS) + "...";
  }

  private List<String> captions(JsonReader json, String where) throws IOException {
    if (json.peek() != JsonToken.BEGIN_ARRAY) {
      return List.of(string(json, where));
    }
    List<String> captions = new ArrayList<>();
    json.beginArray();
    while (json.hasNext()) {
      captions.add(string(json, where));
    }
    json.endArray();
    if (captions.isEmpty()) {
      throw new DataException(
          String.format(Locale.ROOT, "%s: %s expected strings, got an empty list", file, where));
    }
    return captions;
  }

  private String string(JsonReader json, String where) throws IOException {
    if (json.peek() != JsonToken.STRING) {
      throw wrong(where, "a string", json);
    }
    return json.nextString();
  }

  private @Nullable String id(JsonReader json, String where) throws IOException {
    return switch (json.peek()) {
      case STRING, NUMBER -> json.nextString();
      case NULL -> {
        json.nextNull();
        yield null;
      }
      default -> throw wrong(where, "a string or a number", json);
    };
  }

  private DataException wrong(String where, String expected, JsonReader json) throws IOException {
    String got =
        switch (json.peek()) {
          case NULL -> "null";
          case NUMBER, BOOLEAN -> "a " + json.peek().name().toLowerCase(Locale.ROOT);
          case STRING -> "a string";
          case BEGIN_ARRAY -> "a list";
          case BEGIN_OBJECT -> "an object";
          default -> "nothing";
        };
    return new DataException(
        String.format(Locale.ROOT, "%s: %s expected %s, got %s", file, where, expected, got));
  }

  private DataException malformed(String where, IOException cause) {
    return new DataException(
        String.format(Locale.ROOT, "%s: %s expected JSON, got malformed text", file, where), cause);
  }
}
