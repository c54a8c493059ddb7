package io.github.blip2j.data;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Reads objects from JSON: a list of them, one a line, or an object of objects by id. An object
 * with lists of its own is a {@link SectionedFile}.
 */
final class JsonRecords {
  private static final Set<String> SECTIONS = Set.of("images", "annotations", "questions");
  private static final Set<String> HEADERS =
      Set.of(
          "info",
          "license",
          "licenses",
          "type",
          "categories",
          "data_type",
          "data_subtype",
          "task_type",
          "dataset");

  private static final String THE_LIST = "the list";
  private static final String THE_OBJECT = "the object";

  private final Path file;

  /** The forms of a file. */
  enum Form {
    /** A list of records. */
    LIST,
    /** A record a line. */
    LINES,
    /** An object of records by their ids, as GQA's. */
    BY_ID,
    /** An object with lists of images, annotations or questions, as COCO's. */
    SECTIONS
  }

  JsonRecords(Path file) {
    this.file = file;
  }

  /** Reads all objects of a file of another form than {@link Form#SECTIONS}. */
  void read(ObjectFile.Sink sink) throws IOException {
    switch (form(file)) {
      case LIST -> list(sink);
      case LINES -> lines(sink);
      case BY_ID -> byId(sink);
      case SECTIONS -> throw new AssertionError("has a reader of its own");
    }
  }

  /** The form of a file, of which no more is read than it takes to tell. */
  static Form form(Path file) throws IOException {
    try (BufferedReader text = JsonText.reader(file)) {
      text.mark(1);
      int first = text.read();
      if (first != '{') {
        return first == '[' ? Form.LIST : Form.LINES;
      }
      text.reset();
      return new JsonText(file.toString(), text).read(THE_OBJECT, JsonRecords::formOfObject);
    } catch (DataException e) {
      return Form.LINES; // whose reader names the line
    }
  }

  private static Form formOfObject(JsonReader json) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      String key = json.nextName();
      JsonToken value = json.peek();
      if (SECTIONS.contains(key) && value == JsonToken.BEGIN_ARRAY) {
        return Form.SECTIONS;
      }
      if (!HEADERS.contains(key)) {
        return value == JsonToken.BEGIN_OBJECT ? Form.BY_ID : Form.LINES;
      }
      json.skipValue();
    }
    return Form.LINES;
  }

  private void list(ObjectFile.Sink sink) throws IOException {
    try (JsonText text = JsonText.open(file)) {
      text.step(THE_LIST, JsonReader::beginArray);
      for (int number = 1; text.hasNext(THE_LIST); number++) {
        sink.accept(null, text.object("record " + number));
      }
      text.step(THE_LIST, JsonReader::endArray);
      text.requireEnd(THE_LIST);
    }
  }

  private void lines(ObjectFile.Sink sink) throws IOException {
    int number = 0;
    try (BufferedReader lines = JsonText.reader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          String where = "line " + number;
          requireObject(where, line);
          try (var text = new JsonText(file.toString(), new StringReader(line))) {
            RecordObject object = text.object(where);
            text.requireEnd(where);
            sink.accept(null, object);
          }
        }
      }
    }
  }

  /** Tells a text of another form, such as a table, from JSON with a mistake in it. */
  private void requireObject(String where, String line) throws DataException {
    if ("{[\"".indexOf(line.strip().charAt(0)) < 0) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s expected a JSON object, got '%s'; name a table .csv, .tsv or .token, and write"
                  + " all else as JSON",
              file,
              where,
              RecordObject.plain(line.strip())));
    }
  }

  private void byId(ObjectFile.Sink sink) throws IOException {
    try (JsonText text = JsonText.open(file)) {
      text.step(THE_OBJECT, JsonReader::beginObject);
      while (text.hasNext(THE_OBJECT)) {
        String id = text.read(THE_OBJECT, JsonReader::nextName);
        sink.accept(id, text.object("record " + RecordObject.plain(id)));
      }
      text.step(THE_OBJECT, JsonReader::endObject);
      text.requireEnd(THE_OBJECT);
    }
  }
}
