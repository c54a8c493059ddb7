package io.github.blip2j.evaluation.data;

import com.google.gson.JsonElement;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.ObjectFile;
import io.github.blip2j.data.RecordObject;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.ImageFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads images with their classes. */
public final class LabelledImages {
  private LabelledImages() {}

  /**
   * The images of a folder with a folder for each class, named by the class's key (torchvision's
   * {@code ImageFolder}).
   *
   * @throws DataException if a folder is of no class, or holds no image
   */
  public static List<LabelledImage> folder(Path folder, ClassNames classes) throws IOException {
    List<Path> ofClasses;
    try (Stream<Path> inside = Files.list(folder)) {
      ofClasses =
          inside
              .filter(each -> Files.isDirectory(each) && !ImageFiles.isHidden(each))
              .sorted()
              .toList();
    }
    List<LabelledImage> images = new ArrayList<>();
    for (Path each : ofClasses) {
      String key = PathName.of(folder.relativize(each));
      int label = classes.keys().indexOf(key);
      if (label < 0) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: folder expected to be named by a class, got %s, which the class list lacks; add it"
                    + " to the list, or move it away",
                folder,
                key));
      }
      for (Path file : ImageFiles.in(each)) {
        images.add(new LabelledImage(PathName.of(folder.relativize(file)), label));
      }
    }
    if (images.isEmpty()) {
      throw new DataException(
          folder + ": images expected in a folder for each class, got none; check the path");
    }
    return images;
  }

  /**
   * The records of a file: {@code {"image": path, "label": 3}} in a list or on lines, or a table
   * with these columns. The label is the class's number, its key or its name; in a table, digits
   * are a key or name first.
   *
   * @throws DataException if the file holds something else, or a label is of no class
   */
  public static List<LabelledImage> read(Path file, ClassNames classes) throws IOException {
    List<LabelledImage> images = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    ObjectFile.of(file)
        .forEach(
            "images with labels",
            (key, each) -> {
              String image = each.requiredText("image", "file_name");
              if (!seen.add(image)) {
                throw each.error("image expected once, got " + image + " again");
              }
              images.add(new LabelledImage(image, label(each, classes)));
            });
    return images;
  }

  private static int label(RecordObject from, ClassNames classes) throws DataException {
    String text = from.requiredText("label", "class");
    @Nullable JsonElement value = from.json().get(from.text("label") == null ? "class" : "label");
    boolean number = value != null && value.getAsJsonPrimitive().isNumber();
    int at = number ? -1 : classes.keys().indexOf(text);
    at = at < 0 && !number ? classes.names().indexOf(text) : at;
    if (at < 0 && text.matches("[0-9]{1,8}")) {
      at = Integer.parseInt(text);
    }
    if (at < 0 || at >= classes.size()) {
      throw from.error(
          String.format(
              Locale.ROOT, "label expected one of the %d classes, got %s", classes.size(), text));
    }
    return at;
  }
}
