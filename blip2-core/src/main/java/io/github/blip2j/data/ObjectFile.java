package io.github.blip2j.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A file of objects whose keys have a meaning to the reader alone, such as results of a model: a
 * JSON list, one object a line, an object of objects by id, the {@code annotations} of a larger
 * object, or the rows of a CSV or TSV file by their header. {@link DataFile} reads records.
 */
public final class ObjectFile {
  private final Path file;

  private ObjectFile(Path file) {
    this.file = file;
  }

  /** A file, which is not opened yet. */
  public static ObjectFile of(Path file) {
    return new ObjectFile(file);
  }

  /** Takes objects one after the other. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes an object.
     *
     * @param key its id, if the file is an object of objects, or else null
     */
    void accept(@Nullable String key, RecordObject each) throws IOException;
  }

  /**
   * Reads the objects, in their order.
   *
   * @param what the expected content, for messages
   * @throws DataException if there is no such file, naming file and place of what is no object, or
   *     if there is none
   */
  public void forEach(String what, Sink sink) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new DataException(file + ": " + what + " expected, got no file; check the path");
    }
    int[] count = {0};
    try {
      read(
          file,
          (key, each) -> {
            count[0]++;
            sink.accept(key, each);
          });
    } catch (CharacterCodingException e) {
      throw JsonText.notUtf8(file, e);
    }
    if (count[0] == 0) {
      throw new DataException(file + ": " + what + " expected at least 1, got none");
    }
  }

  /** Reads objects of any form, those of an object with lists from its annotations. */
  static void read(Path file, Sink sink) throws IOException {
    requireText(file);
    if (TableRecords.is(file)) {
      new TableRecords(file).read(sink);
    } else if (JsonRecords.form(file) == JsonRecords.Form.SECTIONS) {
      new SectionedFile(file, RecordParser.strict()).annotations(each -> sink.accept(null, each));
    } else {
      new JsonRecords(file).read(sink);
    }
  }

  /** Refuses a format that is known and not read. */
  static void requireText(Path file) throws DataException {
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".parquet")) {
      throw new DataException(
          file
              + ": records expected as JSON, CSV or TSV, got a Parquet table; write each row as"
              + " {\"image\": ..., \"caption\": ...} on a line of its own");
    }
  }
}
