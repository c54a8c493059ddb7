package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.DataRecord;
import io.github.blip2j.data.ImageReference;
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
 * Reads captions of images to evaluate on, from every file that {@link DataFile} reads. All records
 * of an image are one item. Without an id of its own, an image has the number that ends its file's
 * name, as in LAVIS, or else its path.
 */
public final class CaptionItems {
  private static final Pattern NUMBER = Pattern.compile("(?:.*[^0-9])?0*([0-9]+)\\.[^./\\\\]+");

  private CaptionItems() {}

  /**
   * The items of a file, in its order.
   *
   * @param images the folder of the images, by which paths that are derived from numbers are chosen
   * @throws DataException if the file holds something else, two images with one id, or captions of
   *     images that it does not list
   */
  public static List<CaptionItem> read(DataFile file, Path images) throws IOException {
    Map<String, CaptionItem> items = new LinkedHashMap<>();
    for (DataRecord each : file.readImages()) {
      ImageReference image = each.image();
      String id = id(image);
      var item = new CaptionItem(id, image.pathIn(images), each.captions(), image.domain());
      @Nullable CaptionItem before = items.put(id, item);
      if (before != null) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: id %s expected of one image, got %s and %s; give each an image_id",
                file.path(),
                id,
                before.image(),
                item.image()));
      }
    }
    return List.copyOf(items.values());
  }

  /**
   * Items with the captions that another file has of the same image ids.
   *
   * @throws DataException if it lacks one
   */
  public static List<CaptionItem> withReferences(List<CaptionItem> items, DataFile file)
      throws IOException {
    Map<String, CaptionItem> others = new LinkedHashMap<>();
    read(file, Path.of("")).forEach(item -> others.put(item.id(), item));
    IdCheck.requireAll(
        file.path(),
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

  private static String id(ImageReference image) {
    @Nullable String given = image.id();
    boolean own = given != null && (image.paths().isEmpty() || !given.equals(image.path()));
    return own && given != null ? given : number(image.path());
  }

  /** The number that ends the name of a file, or else the path. */
  private static String number(String path) {
    Matcher number = NUMBER.matcher(path);
    return number.matches() ? number.group(1) : path;
  }
}
