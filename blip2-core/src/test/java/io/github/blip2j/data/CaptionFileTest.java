package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CaptionFileTest {
  private static final String DOG = "{\"image\": \"dog.jpg\", \"caption\": \"a dog\"}";

  private final Path folder;

  CaptionFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void read_list_keepsOrderListsAndIds() throws IOException {
    Path file =
        write(
            String.format(
                    Locale.ROOT,
                    " [%s, {\"split\": {\"a\": [1]}, \"image_id\": 7, \"image\": \"cat.jpg\",",
                    DOG)
                + " \"caption\": [\"a cat\", \"\"]},"
                + "{\"image\": \"c\", \"caption\": \"x\", \"image_id\": \"coco_1\"}]\n");

    assertEquals(
        List.of(
            new CaptionRecord("dog.jpg", List.of("a dog"), null),
            new CaptionRecord("cat.jpg", List.of("a cat", ""), "7"),
            new CaptionRecord("c", List.of("x"), "coco_1")),
        CaptionFile.read(file));
  }

  @Test
  void read_inputAndOutput_areADialogue() throws IOException {
    Path file =
        write(
            "[{\"image\": \"a\", \"text_input\": \"how many?\", \"text_output\": \"two\"},"
                + "{\"image\": \"b\", \"text_output\": \"red\", \"caption\": \"a star\"},"
                + "{\"image\": \"c\", \"text_input\": \"why?\", \"caption\": \"a dog\"}]");

    assertEquals(
        List.of(
            new CaptionRecord(
                "a", List.of("two"), null, new CaptionRecord.Dialogue("how many?", "two")),
            new CaptionRecord("b", List.of("a star"), null, new CaptionRecord.Dialogue("", "red")),
            new CaptionRecord("c", List.of("a dog"), null)),
        CaptionFile.read(file));
  }

  @Test
  void read_lines_passesOverBlankOnes() throws IOException {
    Path file = write("\uFEFF" + DOG + "\r\n\n" + DOG.replace("dog", "fox") + "\n  \n");

    assertEquals(
        List.of(
            new CaptionRecord("dog.jpg", List.of("a dog"), null),
            new CaptionRecord("fox.jpg", List.of("a fox"), null)),
        CaptionFile.read(file));
  }

  @Test
  void readAll_severalFiles_putsOneBehindTheOther() throws IOException {
    Path lines = write(DOG);
    Path list = Files.writeString(folder.resolve("list.json"), "[" + DOG + "]");

    assertEquals(2, CaptionFile.readAll(List.of(lines, list)).size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"image\": \"a\", \"caption\": null}] | record 1: caption expected a string, got null; write a text, or leave the record out",
        "[{\"image\": \"a\", \"caption\": [\"x\", null]}] |"
            + " record 1: caption expected a string, got null; write a text, or leave the record out",
        "[{\"image\": \"a\", \"caption\": []}] | record 1: caption expected strings, got an empty"
            + " list",
        "[{\"image\": 3, \"caption\": \"x\"}] | record 1: image expected a string, got a number; write it in quotes",
        "[{\"image\": \"a\", \"caption\": \"x\", \"image_id\": [1]}] |"
            + " record 1: image_id expected a string or a number, got a list; write one text",
        "[{\"caption\": \"x\"}] | record 1: keys expected image and caption, or file_name and text, got caption;"
            + " write one record for each image, its path as image and its caption as caption",
        "{\"image\": \"a\"} | line 1: keys expected image and caption, or file_name and text, got image;"
            + " write one record for each image, its path as image and its caption as caption",
        "[\"a\"] | record 1 expected an object, got a string",
        "{\"image\": | line 1 expected JSON, got malformed text near column 10; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "[{\"image\": \"a\", | record 1 expected JSON, got malformed text near column 16; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "[{\"image\": \"a\", \"caption\": \"x\"} | the list expected JSON, got malformed text near column 32; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "[{\"image\": \"a\", \"caption\": \"x\"}] 1 | the list expected JSON, got malformed text near column 35; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "{\"image\": \"a\", \"caption\": \"x\"} 1 | line 1 expected JSON, got malformed text near column 33; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "[{\"image\": \"a\", \"answer\": [\"x\"]}] | record 1: keys expected image"
            + " and caption, or file_name and text, got image, answer; write the image's path"
            + " as image, and the question with its answer",
        "[{\"image\": \"a\", \"question\": \"?\", \"answer\": []}] | record 1: answers expected to the"
            + " question, got none; name the annotations behind the questions:"
            + " QUESTIONS+ANNOTATIONS",
        "{\"images\": [], \"annotations\": []} | records expected at least 1, got none",
        "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1, \"f\": 1, \"g\": 1, \"h\": 1, \"i\": 1} |"
            + " line 1: keys expected image and caption, or file_name and text, got a, b, c, d, e,"
            + " f, g, h, ...; write one record for each image, its path as image and its caption"
            + " as caption",
        "{\"\\u001b[31m\": 1} | line 1: keys expected image and caption, or file_name and text, got"
            + " ?[31m; write one record for each image, its path as image and its caption as"
            + " caption",
        "[] | records expected at least 1, got none"
      })
  void read_whatIsNoRecord_isNamed(String text, String message) throws IOException {
    Path file = write(text);

    assertEquals(
        file + ": " + message,
        assertThrows(DataException.class, () -> CaptionFile.read(file)).getMessage());
  }

  @Test
  void read_metadataOfAnImageFolder_isRead() throws IOException {
    Path file =
        write(
            """
            {"file_name": "0.png", "text": "a red circle"}
            {"file_name": "1.png", "text": ["a dog", "a cat"], "image": "2.png"}
            """);

    assertEquals(
        List.of(
            new CaptionRecord("0.png", List.of("a red circle"), null),
            new CaptionRecord("2.png", List.of("a dog", "a cat"), null)),
        CaptionFile.read(file));
  }

  @Test
  void read_parquet_saysWhatToWriteInstead() throws IOException {
    Path file = Files.writeString(folder.resolve("c.PARQUET"), "PAR1");

    assertEquals(
        file
            + ": records expected as JSON, CSV or TSV, got a Parquet table; write each row as"
            + " {\"image\": ..., \"caption\": ...} on a line of its own",
        assertThrows(DataException.class, () -> CaptionFile.read(file)).getMessage());
  }

  @Test
  void read_questionWithAnswers_hasThemAsCaptionsToo() throws IOException {
    Path file =
        write("[{\"image\": \"a\", \"question\": \"how many?\", \"answer\": [\"2\", \"2\"]}]");

    CaptionRecord record = CaptionFile.read(file).get(0);

    assertEquals(List.of("2", "2"), record.captions());
    assertEquals(new CaptionRecord.Question("how many?", List.of("2", "2")), record.question());
  }

  @Test
  void read_severalSplits_asksForOne() throws IOException {
    String image =
        "{\"filename\": \"%s.jpg\", \"split\": \"%s\", \"sentences\": [{\"raw\": \"a dog\"}]}";
    Path file =
        write(
            String.format(
                Locale.ROOT,
                "{\"images\": [" + image + "," + image + "," + image + "], \"dataset\": \"coco\"}",
                "1",
                "train",
                "2",
                "restval",
                "3",
                "test"));

    assertEquals(
        file
            + ": records expected of one split, got those of test, train; choose one, as in "
            + file
            + "@train",
        assertThrows(DataException.class, () -> CaptionFile.read(file)).getMessage());
    assertEquals(
        List.of("1.jpg", "2.jpg"),
        CaptionFile.read(DataFile.of(file).withSplit("train"), null).stream()
            .map(CaptionRecord::image)
            .toList());
  }

  @Test
  void read_otherBytesThanUtf8_isRefused() throws IOException {
    Path file = folder.resolve("captions.json");
    Files.write(file, DOG.replace("dog", "d\u00f6g").getBytes(StandardCharsets.ISO_8859_1));

    assertEquals(
        file + ": text expected UTF-8, got other bytes; save it as UTF-8",
        assertThrows(DataException.class, () -> CaptionFile.read(file)).getMessage());
  }

  @Test
  void read_noFile_isRefused() {
    assertEquals(
        folder.resolve("a") + ": records expected, got no file; check the path",
        assertThrows(DataException.class, () -> CaptionFile.read(folder.resolve("a")))
            .getMessage());
    assertEquals(
        String.format(
            Locale.ROOT,
            "%s: records expected, got a folder; name its files, shards as '%s/{000..123}.tar'",
            folder,
            folder),
        assertThrows(DataException.class, () -> CaptionFile.read(folder)).getMessage());
  }

  @Test
  void record_withoutCaption_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new CaptionRecord("a.jpg", List.of(), null));

    assertEquals("captions: expected at least 1 of a.jpg, got none", e.getMessage());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("captions.json"), text);
  }
}
