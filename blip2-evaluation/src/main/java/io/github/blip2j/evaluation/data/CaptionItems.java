package io.github.blip2j.evaluation.data;

import com.google.gson.JsonObject;
import io.github.blip2j.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads captions of images to evaluate on.
 *
 * <ul>
 *   <li>COCO's and NoCaps' files: an object with {@code images} and {@code annotations}. NoCaps'
 *       images have a {@code domain}.
 *   <li>LAVIS's files: a list of {@code {"image": path, "caption": text or texts}}, or one record a
 *       line. Without {@code image_id} (or NoCaps' {@code img_id}) the id is the number that ends
 *       the file's name, as in LAVIS, or else the path.
 * </ul>
 *
 * <p>Records of one image are one item.
 */
public final class CaptionItems {
  private static final Pattern NUMBER = Pattern.compile("(?:.*[^0-9])?0*([0-9]+)\\.[^./\\\\]+");

  private final Path file;
  private final Map<String, Draft> drafts = new LinkedHashMap<>();

  /** An item that is not read completely. */
  private static final class Draft {
    private @Nullable String image;
    private @Nullable String domain;
    private boolean listed;
    private final List<String> captions = new ArrayList<>();
  }

  private CaptionItems(Path file) {
    this.file = file;
  }

  /**
   * The items of a file, in its order.
   *
   * @throws DataException if the file holds something else, two images with one id, or captions of
   *     images that it does not list
   */
  public static List<CaptionItem> read(Path file) throws IOException {
    var items = new CaptionItems(file);
    JsonRecords.read(file, "captions", items::add);
    return items.finish();
  }

  /**
   * Items with the captions that another file has of the same image ids.
   *
   * @throws DataException if it lacks one
   */
  public static List<CaptionItem> withReferences(List<CaptionItem> items, Path file)
      throws IOException {
    Map<String, CaptionItem> others = new LinkedHashMap<>();
    read(file).forEach(item -> others.put(item.id(), item));
    IdCheck.requireAll(
        file,
        "captions",
        items.stream().map(CaptionItem::id).toList(),
        others.keySet(),
        "take the captions of the same set");
    List<CaptionItem> complete = new ArrayList<>();
    for (CaptionItem item : items) {
      CaptionItem other = Objects.requireNonNull(others.get(item.id()));
      @Nullable String domain = item.domain() == null ? other.domain() : item.domain();
      complete.add(new CaptionItem(item.id(), item.image(), other.references(), domain));
    }
    return complete;
  }

  private void add(String list, String key, JsonObject record, String where) throws DataException {
    var fields = new JsonFields(record, where);
    switch (list) {
      case "images" -> addImage(fields);
      case "annotations" ->
          draft(fields.required("image_id")).captions.add(fields.required("caption"));
      case "licenses", "categories" -> {}
      default -> addRecord(fields);
    }
  }

  private void addImage(JsonFields fields) throws DataException {
    String id = fields.required("id");
    Draft draft = draft(id);
    if (draft.listed) {
      throw IdCheck.twice(fields.where(), "id", id);
    }
    draft.listed = true;
    draft.image = fields.text("file_name");
    draft.domain = fields.text("domain");
  }

  private void addRecord(JsonFields fields) throws DataException {
    String image = fields.required("image", "file_name");
    @Nullable String given = fields.text("image_id", "img_id", "id");
    String id = given == null ? idOf(image) : given;
    Draft draft = draft(id);
    if (draft.image != null && !draft.image.equals(image)) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: id %s expected of one image, got %s and %s",
              fields.where(),
              id,
              draft.image,
              image));
    }
    draft.listed = true;
    draft.image = image;
    draft.domain = fields.text("domain");
    draft.captions.addAll(fields.texts("caption", "captions", "text", "text_output"));
  }

  private Draft draft(String id) {
    return drafts.computeIfAbsent(id, none -> new Draft());
  }

  private List<CaptionItem> finish() throws DataException {
    List<CaptionItem> items = new ArrayList<>();
    boolean lists = drafts.values().stream().anyMatch(draft -> draft.listed);
    for (Map.Entry<String, Draft> each : drafts.entrySet()) {
      Draft draft = each.getValue();
      if (lists && !draft.listed) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: captions expected of the images in it, got some of image %s; check the file",
                file,
                each.getKey()));
      }
      items.add(new CaptionItem(each.getKey(), draft.image, draft.captions, draft.domain));
    }
    return items;
  }

  private static String idOf(String image) {
    Matcher number = NUMBER.matcher(image);
    return number.matches() ? number.group(1) : image;
  }
}
