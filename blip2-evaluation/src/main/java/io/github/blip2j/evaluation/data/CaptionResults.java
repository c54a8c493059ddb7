package io.github.blip2j.evaluation.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.ObjectFile;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The result files of captions that LAVIS writes, {@code pycocoevalcap} reads, and the servers of
 * COCO and NoCaps take: a list of {@code {"image_id": 391895, "caption": "a man on a bike"}}.
 */
public final class CaptionResults {
  private CaptionResults() {}

  /**
   * The captions of a result file, by image id.
   *
   * @throws DataException if it holds something else, or an id twice
   */
  public static Map<String, String> read(Path file) throws IOException {
    Map<String, String> captions = new LinkedHashMap<>();
    ObjectFile.of(file)
        .forEach(
            "captions",
            (key, each) -> {
              String id = each.requiredText("image_id");
              if (captions.put(id, each.requiredText("caption")) != null) {
                throw each.error(
                    "image id expected once, got " + id + " again; remove one of them");
              }
            });
    return captions;
  }

  /**
   * Writes a result file.
   *
   * @param captions by image id
   */
  public static void write(Path file, Map<String, String> captions) throws IOException {
    var list = new JsonArray();
    captions.forEach(
        (id, caption) -> {
          var record = new JsonObject();
          record.add("image_id", ResultJson.id(id));
          record.addProperty("caption", caption);
          list.add(record);
        });
    OutputFile.write(file, ResultJson.text(list));
  }

  /**
   * Writes the references as COCO's annotations, which {@code pycocoevalcap} reads beside a result
   * file, for METEOR and SPICE.
   */
  public static void writeReferences(Path file, List<CaptionItem> items) throws IOException {
    var images = new JsonArray();
    var annotations = new JsonArray();
    for (CaptionItem item : items) {
      var image = new JsonObject();
      image.add("id", ResultJson.id(item.id()));
      images.add(image);
      for (String reference : item.references()) {
        var annotation = new JsonObject();
        annotation.add("image_id", ResultJson.id(item.id()));
        annotation.addProperty("id", annotations.size());
        annotation.addProperty("caption", reference);
        annotations.add(annotation);
      }
    }
    var document = new JsonObject();
    document.add("info", new JsonObject());
    document.add("licenses", new JsonArray());
    document.addProperty("type", "captions");
    document.add("images", images);
    document.add("annotations", annotations);
    OutputFile.write(file, ResultJson.text(document));
  }

  /**
   * Checks that results are of a set.
   *
   * @param set the file of the items, for the message
   * @throws DataException if there is a caption of an image that is not in the set
   */
  public static void requireOf(List<CaptionItem> items, Map<String, String> captions, Path set)
      throws DataException {
    Set<String> ids = items.stream().map(CaptionItem::id).collect(Collectors.toSet());
    IdCheck.requireAll(set, "images", captions.keySet(), ids, "the results are of another set");
  }

  /**
   * The captions of items, in their order.
   *
   * @param results the file of the captions, for the message
   * @throws DataException if there is no caption of an item
   */
  public static List<String> of(List<CaptionItem> items, Map<String, String> captions, Path results)
      throws DataException {
    List<String> ids = items.stream().map(CaptionItem::id).toList();
    IdCheck.requireAll(
        results, "captions", ids, captions.keySet(), "caption the rest, or score fewer images");
    return ids.stream().map(id -> captions.getOrDefault(id, "")).toList();
  }
}
