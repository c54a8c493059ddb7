package io.github.blip2j.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects from tables with a header: commas, semicolons, tabs or bars between columns (RFC
 * 4180). Columns without a name, such as pandas' index, are left out. The others have the names of
 * JSON keys, or those that tables of captions usually have. A cell of a plural column may be a JSON
 * list. Flickr30k's own file ({@code results_20130124.token}) has no header and no quotes: {@code
 * name.jpg#0}, a tab, the caption.
 *
 * <p>Rows without an image id have the image's path as id, so that captions of an image are never
 * taken for captions of different ones.
 */
final class TableRecords {
  private static final String TOKENS = ".token";
  private static final Set<String> LISTS =
      Set.of("captions", "raw", "answers", "direct_answers", "choices");
  private static final Map<String, String> OTHER_NAMES =
      Map.of(
          "filename", "image",
          "filepath", "image",
          "image_name", "image",
          "path", "image",
          "title", "caption",
          "comment", "caption");
  private static final Pattern NUMBERED = Pattern.compile("\\s*(\\d+)\\s+(.+)");
  private static final int PEEKED = 1 << 16;

  private final Path file;

  TableRecords(Path file) {
    this.file = file;
  }

  /** Whether a file is a table, by its name. */
  static boolean is(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return List.of(".csv", ".tsv", TOKENS).stream().anyMatch(name::endsWith);
  }

  /** Reads all rows as objects. */
  void read(ObjectFile.Sink sink) throws IOException {
    boolean tokens = file.toString().toLowerCase(Locale.ROOT).endsWith(TOKENS);
    try (BufferedReader text = JsonText.reader(file)) {
      CSVFormat format = tokens ? withoutHeader() : withHeader(delimiter(text));
      try (CSVParser rows = format.parse(text)) {
        for (CSVRecord row : rows) {
          String where = "row " + row.getRecordNumber();
          sink.accept(null, tokens ? token(row, where) : row(rows, row, where));
        }
      }
    } catch (UncheckedIOException e) { // how the parser's iterator reports malformed rows
      throw malformed(Objects.requireNonNull(e.getCause()));
    } catch (CharacterCodingException e) {
      throw e;
    } catch (IllegalArgumentException | IllegalStateException e) { // a header with a name twice
      throw malformed(e);
    }
  }

  private IOException malformed(Exception cause) {
    if (cause instanceof CharacterCodingException coding) {
      return coding;
    }
    String why = String.valueOf(cause.getMessage());
    return new DataException(
        String.format(
            Locale.ROOT,
            "%s: rows expected as RFC 4180 has them, got %s; write a quote inside quotes twice",
            file,
            why.replaceAll("\\p{C}", "?")),
        cause);
  }

  private static CSVFormat withoutHeader() {
    return CSVFormat.Builder.create(CSVFormat.RFC4180)
        .setDelimiter('\t')
        .setQuote((Character) null)
        .setIgnoreEmptyLines(true)
        .get();
  }

  private static CSVFormat withHeader(char delimiter) {
    return CSVFormat.Builder.create(CSVFormat.RFC4180)
        .setDelimiter(delimiter)
        .setHeader()
        .setSkipHeaderRecord(true)
        .setIgnoreEmptyLines(true)
        .setIgnoreSurroundingSpaces(delimiter == '|')
        .setAllowMissingColumnNames(true) // of pandas' index, or behind a comma at the end
        .setDuplicateHeaderMode(DuplicateHeaderMode.ALLOW_EMPTY)
        .get();
  }

  /** The delimiter of the header: the first of tab, bar, comma and semicolon that it has. */
  private static char delimiter(BufferedReader text) throws IOException {
    text.mark(PEEKED);
    char[] begin = new char[PEEKED - 1];
    int length = Math.max(0, text.read(begin));
    text.reset();
    String header = new String(begin, 0, length).lines().findFirst().orElse("");
    for (char delimiter : new char[] {'\t', '|', ',', ';'}) {
      if (header.indexOf(delimiter) >= 0) {
        return delimiter;
      }
    }
    return ',';
  }

  private RecordObject row(CSVParser rows, CSVRecord row, String where) throws IOException {
    List<String> names = rows.getHeaderNames();
    List<String> cells = cells(names, row.toList());
    if (cells.size() != names.size()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s: cells expected %d, as the header has, got %d; %s",
              file,
              where,
              names.size(),
              cells.size(),
              cells.size() < names.size()
                  ? "add what is missing, a delimiter or a cell"
                  : "put cells with delimiters into quotes"));
    }
    var object = new JsonObject();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i).strip().toLowerCase(Locale.ROOT);
      String key = OTHER_NAMES.getOrDefault(name, name);
      boolean given = !cells.get(i).isEmpty() || key.equals("caption");
      if (given && !name.isEmpty() && !object.has(key)) {
        object.add(key, cell(key, cells.get(i), where));
      }
    }
    var from = new RecordObject(file.toString(), where, object);
    @Nullable String image = from.word("image");
    if (image != null && RecordParser.imageId(from) == null) {
      object.addProperty("image_id", image);
    }
    return from;
  }

  /**
   * The cells of a row. Flickr30k's {@code results.csv} lacks one delimiter, behind a comment's
   * number.
   */
  private static List<String> cells(List<String> names, List<String> row) {
    int last = names.size() - 1;
    if (row.size() != last || last < 1 || !names.get(last - 1).strip().equals("comment_number")) {
      return row;
    }
    Matcher both = NUMBERED.matcher(row.get(last - 1));
    if (!both.matches()) {
      return row;
    }
    List<String> cells = new ArrayList<>(row.subList(0, last - 1));
    cells.add(both.group(1));
    cells.add(both.group(2));
    return cells;
  }

  private JsonElement cell(String key, String text, String where) throws IOException {
    if (LISTS.contains(key) && text.startsWith("[")) {
      try (var json = new JsonText(file.toString(), new StringReader(text))) {
        JsonElement list = json.read(where, JsonParser::parseReader);
        json.requireEnd(where);
        return list;
      } catch (DataException e) { // a text that begins with a bracket
        return new JsonPrimitive(text);
      }
    }
    return new JsonPrimitive(text);
  }

  private RecordObject token(CSVRecord row, String where) throws DataException {
    int mark = row.get(0).lastIndexOf('#');
    if (row.size() != 2 || mark < 1) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s expected as name.jpg#number, a tab and a caption, got %s",
              file,
              where,
              RecordObject.plain(String.join("\t", row.toList()))));
    }
    String image = row.get(0).substring(0, mark);
    var object = new JsonObject();
    object.addProperty("image", image);
    object.addProperty("caption", row.get(1).strip());
    object.addProperty("image_id", image);
    return new RecordObject(file.toString(), where, object);
  }
}
