package io.github.blip2j.data;

import io.github.blip2j.io.file.PathName;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Images and texts to be matched: each image once, however many records contain it, and each text
 * with the image that it belongs to.
 *
 * @param images paths of the images, within a folder
 * @param texts all captions, grouped by record
 * @param imageOfText for each text the index of its image in {@code images}
 */
public record RetrievalSet(List<String> images, List<String> texts, List<Integer> imageOfText) {
  private static final int SHOWN = 3;

  /** Copies the lists. */
  public RetrievalSet {
    images = List.copyOf(images);
    texts = List.copyOf(texts);
    imageOfText = List.copyOf(imageOfText);
  }

  /** The images and texts of these records, in their order. */
  public static RetrievalSet of(List<CaptionRecord> records) {
    Map<String, Integer> places = new LinkedHashMap<>();
    List<String> texts = new ArrayList<>();
    List<Integer> imageOfText = new ArrayList<>();
    for (CaptionRecord each : records) {
      int place = places.computeIfAbsent(each.image(), image -> places.size());
      for (String caption : each.captions()) {
        texts.add(caption);
        imageOfText.add(place);
      }
    }
    return new RetrievalSet(List.copyOf(places.keySet()), texts, imageOfText);
  }

  /** The first images of these, or all if there are not so many, with their texts. */
  public RetrievalSet first(int count) {
    List<String> some = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      if (imageOfText.get(i) < count) {
        some.add(texts.get(i));
        places.add(imageOfText.get(i));
      }
    }
    return new RetrievalSet(images.subList(0, Math.min(count, images.size())), some, places);
  }

  /**
   * The files of all images.
   *
   * @param folder folder of the paths
   * @throws DataException naming missing images
   */
  public List<Path> files(Path folder) throws DataException {
    List<Path> files = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String image : images) {
      try {
        Path file = PathName.listed(folder, image);
        files.add(file);
        if (!Files.isRegularFile(file)) {
          missing.add(image);
        }
      } catch (InvalidPathException e) { // the file system does not allow such a name
        missing.add(image);
      }
    }
    if (!missing.isEmpty()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %d images expected, got none of %d (%s%s); check the folder",
              folder,
              images.size(),
              missing.size(),
              String.join(", ", missing.subList(0, Math.min(SHOWN, missing.size()))),
              missing.size() > SHOWN ? ", ..." : ""));
    }
    return files;
  }
}
