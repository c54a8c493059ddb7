package io.github.blip2j.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonParser;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptionItemsTest {
  private final Path folder;

  CaptionItemsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void coco_joinsImagesAndAnnotations() throws IOException {
    List<CaptionItem> items =
        items(
            """
            {"info": {"year": 2014}, "licenses": [{"id": 1}], "type": "captions",
             "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
             "annotations": [{"image_id": 8, "id": 1, "caption": "two"},
                             {"image_id": 7, "id": 2, "caption": "one"},
                             {"image_id": 7, "id": 3, "caption": "uno"}]}
            """);

    assertEquals(
        List.of(
            new CaptionItem("7", "a.jpg", List.of("one", "uno"), null),
            new CaptionItem("8", "b.jpg", List.of("two"), null)),
        items);
  }

  @Test
  void nocaps_hasDomains() throws IOException {
    List<CaptionItem> items =
        items(
            """
            {"images": [{"id": 0, "file_name": "x.jpg", "domain": "near-domain"}],
             "annotations": [{"image_id": 0, "caption": "one"}]}
            """);

    assertEquals("near-domain", items.get(0).domain());
  }

  @Test
  void lavis_takesTheIdFromTheName() throws IOException {
    List<CaptionItem> items =
        items(
            """
            [{"image": "val2014/COCO_val2014_000000391895.jpg", "caption": ["a man", "a bike"]},
             {"image": "val/0013ea2087020901.jpg", "img_id": 3, "caption": []},
             {"image": "cat.png", "caption": "a cat"}]
            """);

    assertEquals(List.of("391895", "3", "cat.png"), items.stream().map(CaptionItem::id).toList());
    assertEquals(List.of("a man", "a bike"), items.get(0).references());
    assertEquals(List.of(), items.get(1).references());
  }

  @Test
  void lines_ofOneImage_areOneItem() throws IOException {
    List<CaptionItem> items =
        items(
            """
            {"image": "a.png", "image_id": "coco_1", "caption": "one"}

            {"image": "a.png", "image_id": "coco_1", "caption": "two"}
            """);

    assertEquals(List.of(new CaptionItem("coco_1", "a.png", List.of("one", "two"), null)), items);
  }

  @Test
  void idOfTwoImages_isRefused() {
    refused(
        "[{\"image\": \"a/1.png\", \"caption\": \"x\"}, {\"image\": \"b/1.png\", \"caption\":"
            + " \"y\"}]",
        "id 1 expected of one image, got a/1.png and b/1.png; give each an image_id");
  }

  @Test
  void imageListedTwice_isRefused() {
    refused(
        "{\"images\": [{\"id\": 1}, {\"id\": 1}], \"annotations\": []}",
        "image 2: id expected once, got 1 again; remove one of them");
  }

  @Test
  void captionsOfOtherImages_areRefused() {
    refused(
        "{\"images\": [{\"id\": 1}], \"annotations\": [{\"image_id\": 2, \"caption\": \"x\"}]}",
        "annotation 1: image_id expected one of the file's 1 images, got 2; take captions and images"
            + " of the same set");
  }

  @Test
  void otherFiles_areRefused() {
    refused("[]", "records expected at least 1, got none");
    refused(
        "[{\"image\": \"a.png\"",
        "record 1 expected JSON, got malformed text near column 19; mend it: double quotes, no comma"
            + " behind the last, null for NaN");
    refused(
        "3",
        "line 1 expected a JSON object, got '3'; name a table .csv, .tsv or .token, and write all"
            + " else as JSON");
    refused(
        "[{\"question\": \"x\"}]",
        "record 1: keys expected image and caption, or file_name and text, got question; write the"
            + " image's path as image, and the question with its answer");
    refused(
        "[{\"image\": \"a.png\", \"caption\": [[1]]}]",
        "record 1: caption expected a string, got a list; write one text");
    refused(
        "[{\"image\": \"a.png\", \"split\": \"val\"}, {\"image\": \"b.png\", \"split\": \"test\"}]",
        "records expected of one split, got those of test, val; choose one, as in "
            + folder.resolve("captions.json")
            + "@val");
  }

  @Test
  void references_ofAnotherSet_areRefused() throws IOException {
    List<CaptionItem> items = items("[{\"image\": \"1.png\", \"caption\": []}]");
    Path other =
        Files.writeString(
            folder.resolve("other.json"), "[{\"image\": \"2.png\", \"caption\": \"x\"}]");

    var e =
        assertThrows(
            DataException.class, () -> CaptionItems.withReferences(items, DataFile.of(other)));
    assertEquals(
        other
            + ": captions expected for all 1 ids, got none for 1 (1); take the captions of the same"
            + " set",
        e.getMessage());
  }

  @Test
  void results_writtenAndRead_areTheSame() throws IOException {
    Path file = folder.resolve("results.json");
    Map<String, String> captions = Map.of("391895", "a \"red\" dog", "cat.png", "<é>");
    CaptionResults.write(file, captions);

    assertEquals(captions, CaptionResults.read(file));
    CaptionResults.write(file, Map.of("12", "a dog"));
    assertEquals(
        "[{\"image_id\":12,\"caption\":\"a dog\"}]\n",
        Files.readString(file)); // a number, as LAVIS
  }

  @Test
  void results_idTwice_isRefused() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("results.json"),
            "[{\"image_id\": 1, \"caption\": \"a\"}, {\"image_id\": 1, \"caption\": \"a\"}]");

    var e = assertThrows(DataException.class, () -> CaptionResults.read(file));
    assertEquals(
        file + ": record 2: image id expected once, got 1 again; remove one of them",
        e.getMessage());
  }

  @Test
  void results_ofAnotherSet_areRefused() throws IOException {
    var items = List.of(new CaptionItem("1", null, List.of("x"), null));
    Path set = Path.of("set.json");

    var e =
        assertThrows(
            DataException.class, () -> CaptionResults.requireOf(items, Map.of("2", "x"), set));
    assertEquals(
        "set.json: images expected for all 1 ids, got none for 1 (2); the results are of another"
            + " set",
        e.getMessage());
    e =
        assertThrows(
            DataException.class, () -> CaptionResults.of(items, Map.of(), Path.of("r.json")));
    assertEquals(
        "r.json: captions expected for all 1 ids, got none for 1 (1); caption the rest, or score"
            + " fewer images",
        e.getMessage());
  }

  @Test
  void writtenReferences_areCocoAnnotations() throws IOException {
    Path file = folder.resolve("gt.json");
    var items = List.of(new CaptionItem("5", "a.png", List.of("one", "two"), null));
    CaptionResults.writeReferences(file, items);

    assertEquals(List.of("one", "two"), read(file).get(0).references());
    var document = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    // pycocotools' COCO reads these keys.
    assertEquals(
        5, document.getAsJsonArray("images").get(0).getAsJsonObject().get("id").getAsInt());
    assertEquals(
        1, document.getAsJsonArray("annotations").get(1).getAsJsonObject().get("id").getAsInt());
  }

  private List<CaptionItem> items(String json) throws IOException {
    return read(Files.writeString(folder.resolve("captions.json"), json));
  }

  private List<CaptionItem> read(Path file) throws IOException {
    return CaptionItems.read(DataFile.of(file), folder);
  }

  private void refused(String json, String message) {
    Path file = folder.resolve("captions.json");
    var e = assertThrows(DataException.class, () -> items(json));
    assertEquals(file + ": " + message, e.getMessage());
  }
}
