package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in the shapes that data sets are published in. */
final class DataFileTest extends WrittenFiles {
  private static final String COCO =
      """
      {"info": {"year": 2017, "contributor": "someone"},
       "annotations": [
         {"image_id": 139, "id": 37, "caption": "A lamp beside a chair."},
         {"image_id": 285, "id": 40, "caption": "A bear in the grass."},
         {"image_id": 139, "id": 38, "caption": "A room with a clock. "}],
       "licenses": [{"id": 1, "name": "none"}],
       "images": [
         {"license": 1, "file_name": "000000000139.jpg", "id": 139, "height": 426,
          "coco_url": "http://images.example.org/val2017/000000000139.jpg"},
         {"license": 1, "file_name": "000000000285.jpg", "id": 285, "height": 640}]}
      """;

  DataFileTest(@TempDir Path folder) {
    super(folder);
  }

  @Test
  void coco_captions_findTheirImagesWhichComeLater() throws IOException {
    List<DataRecord> records = read("captions_val2017.json", COCO);

    assertEquals(
        List.of(
            List.of("A lamp beside a chair."),
            List.of("A bear in the grass."),
            List.of("A room with a clock. ")),
        records.stream().map(DataRecord::captions).toList());
    assertEquals(
        new ImageReference(
            List.of("000000000139.jpg", "val2017/000000000139.jpg"), "139", null, null),
        records.get(0).image());
    assertEquals(List.of("000000000285.jpg"), records.get(1).image().paths());
    List<DataRecord> byImage = DataRecord.byImage(records);
    assertEquals(2, byImage.size());
    assertEquals(
        List.of("A lamp beside a chair.", "A room with a clock. "), byImage.get(0).captions());
  }

  @Test
  void coco_captionOfAnotherSet_isNamed() throws IOException {
    Path file = write("captions.json", COCO.replace("\"image_id\": 285", "\"image_id\": 7"));

    assertRefused(
        file,
        "annotation 2: image_id expected one of the file's 2 images, got 7; take captions and images"
            + " of the same set");
  }

  @Test
  void coco_boxes_areNoCaptions() throws IOException {
    Path file =
        write(
            "instances.json",
            "{\"images\": [], \"annotations\": [{\"id\": 1, \"image_id\": 2, \"bbox\": [1, 2, 3, 4]}]}");

    assertRefused(
        file,
        "annotation 1: key expected caption, got id, image_id, bbox; take the set's file of captions");
  }

  @Test
  void nocaps_imagesWithDomains_needNoCaptions() throws IOException {
    List<DataRecord> records =
        read(
            "nocaps_test_image_info.json",
            """
            {"images": [{"id": 0, "open_images_id": "0a1", "file_name": "0a1.jpg",
                         "coco_url": "https://s3.example.org/nocaps/val/0a1.jpg",
                         "domain": "near-domain"}],
             "info": {}, "licenses": []}
            """);

    assertEquals(
        List.of(
            new DataRecord(
                new ImageReference(List.of("0a1.jpg", "val/0a1.jpg"), "0", "near-domain", null),
                List.of())),
        records);
  }

  @Test
  void karpathy_split_isChosen() throws IOException {
    String text =
        """
        {"images": [
           {"filepath": "val2014", "sentids": [1, 2], "filename": "a.jpg", "imgid": 0,
            "split": "test", "cocoid": 391895, "sentences": [
              {"tokens": ["a"], "raw": "A man.", "imgid": 0, "sentid": 1},
              {"tokens": ["a"], "raw": "A bike.", "imgid": 0, "sentid": 2}]},
           {"filepath": "val2014", "filename": "b.jpg", "imgid": 1, "split": "restval",
            "cocoid": 5, "sentences": [{"raw": "A dog.", "sentid": 3}]}],
         "dataset": "coco"}
        """;
    Path file = write("dataset_coco.json", text);

    assertEquals(
        List.of(
            new DataRecord(
                new ImageReference(List.of("val2014/a.jpg", "a.jpg"), "391895", null, "test"),
                List.of("A man.", "A bike."))),
        DataFile.of(file).withSplit("test").read());
    assertEquals("5", DataFile.of(file).withSplit("train").read().get(0).image().id());
    assertEquals(
        file + ": records of split dev expected, got none; choose one of restval, test",
        assertThrows(DataException.class, () -> DataFile.of(file).withSplit("dev").read())
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "captions.csv ! image,captions\\n1.jpg,\"['a dog', 'a cat']\"",
        "caption.csv ! image,caption\\n1.jpg,\"['a dog', \"\"a dog's tail\"\"]\"",
        "answers.json ! [{\"image\": \"a\", \"question\": \"?\", \"direct_answers\": \"['two']\"}]",
      })
  void read_listAsPythonPrintsIt_isNotOneText(String file) throws IOException {
    String[] parts = file.split(" ! ", -1);
    Path data = write(parts[0], parts[1].replace("\\n", "\n"));

    String message =
        String.valueOf(
            assertThrows(DataException.class, () -> DataFile.of(data).read()).getMessage());

    assertTrue(
        message.contains("expected one text or a JSON list, got a list as Python prints it"),
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "1F8B0800, a compressed file; gunzip it",
    "504B0304FF, a zip file; unzip it",
    "FFFE5B00, UTF-16; save it as UTF-8",
    "FEFF005B, UTF-16; save it as UTF-8",
    "5BFC5D, other bytes; save it as UTF-8"
  })
  void read_whatIsNotUtf8_isNamed(String bytes, String got) throws IOException {
    Path file = Files.write(write("data.json", ""), HexFormat.of().parseHex(bytes));

    assertRefused(file, "text expected UTF-8, got " + got);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "[{\"image\": \"a\", \"question\": \"?\", \"question_id\": 1},"
            + "{\"image\": \"b\", \"question\": \"??\", \"question_id\": \"1\"}] ! record 2:"
            + " question_id expected once, got 1 in record 1 too; remove one of them",
        "[{\"image\": \"a\", \"caption\": \"x\", \"image_id\": 1},"
            + "{\"image\": \"b\", \"caption\": \"x\", \"image_id\": 1}] ! record 2: image_id expected"
            + " for one image, got 1 for a and b; give each image its own, or none",
        "[{\"split\": \"val\", \"image_id\": \"x\", \"choices\": [\"a\"], \"question\": \"?\"}] !"
            + " record 1: image_id expected a number, got x",
        "[{\"image\": \"a\", \"question\": \"?\", \"choices\": [\"a\"], \"correct_choice_idx\": 1}] !"
            + " record 1: question: correct choice expected one of 1, got index 1",
        "[{\"image\": \"a\", \"question\": null}] ! record 1: question expected a string, got null;"
            + " write a text, or leave the record out",
        "{\"questions\": [{\"image_id\": 1, \"question\": \"?\"}]} ! data_type expected mscoco, and a"
            + " data_subtype, got none and none; write each question as a record with its image",
        "{\"images\": [{\"id\": 1}]} ! image 1: key expected file_name, got id",
        "{\"images\": [{\"id\": 1, ! the object expected JSON, got malformed text near column 22; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "{\"1\": {\"question\": \"?\"}, \"2\": 3} ! record 1: keys expected image and caption, or"
            + " file_name and text, got question, question_id; write the image's path as image, and"
            + " the question with its answer",
      })
  void read_whatIsNoRecord_isNamed(String text, String message) throws IOException {
    assertRefused(write("data.json", text), message);
  }

  @Test
  void readImages_haveAllCaptionsInTheOrderOfTheImages() throws IOException {
    String test =
        COCO.replace("{\"image_id\": 285, \"id\": 40, \"caption\": \"A bear in the grass.\"},", "");
    String own =
        """
        {"image": "a.jpg", "id": 7, "caption": null}
        {"image": "b.jpg", "caption": "one"}
        {"image": "b.jpg", "text_output": "two"}
        """;

    assertEquals(
        "[139: A lamp beside a chair., A room with a clock. , 285: ]", images("c.json", test));
    assertEquals("[7: , null: one, two]", images("own.jsonl", own));
    assertEquals(
        "[10.jpg: One., Two., 20.jpg: Three.]",
        images("f.csv", "image,caption\n10.jpg,One.\n20.jpg,Three.\n10.jpg,Two.\n"));
    assertEquals(
        "[5: alone]",
        images("alone.json", "{\"annotations\": [{\"image_id\": 5, \"caption\": \"alone\"}]}"));
  }

  @Test
  void readImages_ofSeveralSplits_asksForOne() throws IOException {
    Path file =
        write(
            "own.json",
            "[{\"image\": \"a\", \"split\": \"x\"}, {\"image\": \"b\", \"split\": \"y\"}]");

    assertEquals(
        file
            + ": records expected of one split, got those of x, y; choose one, as in "
            + file
            + "@y",
        assertThrows(DataException.class, () -> DataFile.of(file).readImages()).getMessage());
    assertEquals(1, DataFile.of(file).withSplit("y").readImages().size());
  }

  @Test
  void objects_ofAnyForm_areRead() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file :
        List.of(
            write("a.json", "[{\"x\": 1}]"),
            write("b.json", "{\"x\": 2}\n"),
            write("c.json", "{\"key\": {\"x\": 3}}"),
            write("d.tsv", "X\ty\n4\t5\n"),
            write("e.json", "{\"info\": {}, \"annotations\": [{\"x\": 6}]}"))) {
      ObjectFile.of(file).forEach("things", (key, each) -> found.add(key + each.text("x")));
    }

    assertEquals(List.of("null1", "null2", "key3", "null4", "null6"), found);
    Path none = write("none.json", "[]");
    assertEquals(
        none + ": things expected at least 1, got none",
        assertThrows(
                DataException.class, () -> ObjectFile.of(none).forEach("things", (key, each) -> {}))
            .getMessage());
  }

  private String images(String name, String text) throws IOException {
    return DataFile.of(write(name, text)).readImages().stream()
        .map(each -> each.image().id() + ": " + String.join(", ", each.captions()))
        .toList()
        .toString();
  }

  @Test
  void forEach_records_areThoseOfRead() throws IOException {
    DataFile file = DataFile.of(write("captions.json", COCO));
    List<DataRecord> records = new ArrayList<>();

    file.forEach(records::add);

    assertEquals(file.read(), records);
  }

  @Test
  void image_derivedPath_isTheOneThatExists() throws IOException {
    Files.createDirectory(folder.resolve("val2017"));
    Files.createFile(folder.resolve("val2017/000000000139.jpg"));
    ImageReference image = read("captions.json", COCO).get(0).image();

    assertEquals(Optional.of("val2017/000000000139.jpg"), image.within(folder));
    assertEquals(Optional.empty(), image.within(folder.resolve("val2017/none")));
  }
}
