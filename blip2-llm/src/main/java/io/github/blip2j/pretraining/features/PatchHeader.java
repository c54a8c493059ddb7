package io.github.blip2j.pretraining.features;

import com.google.gson.Gson;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a file of stored features.
 *
 * @param source the encoder
 * @param views of each image
 * @param augmented whether views are random crops
 * @param seed of the views
 * @param images names of the images, in the order of the rows
 * @param bytes sizes of their files
 */
record PatchHeader(
    Source source, int views, boolean augmented, long seed, List<String> images, List<Long> bytes) {
  private static final String KEY = "blip2j.patches";

  /**
   * The encoder that a file was made with.
   *
   * @param sum of its parameters
   * @param imageSize side of the images in pixels
   * @param processor the settings of the image processor, as JSON
   */
  record Source(String sum, int imageSize, String processor) {}

  PatchHeader {
    images = List.copyOf(images);
    bytes = List.copyOf(bytes);
  }

  /** The header of what a writer writes of these images. */
  static PatchHeader of(PatchWriter writer, Source source, List<String> images, List<Long> bytes) {
    return new PatchHeader(
        source, writer.views(), writer.augmented(), writer.seed(), images, bytes);
  }

  Map<String, String> metadata() {
    return new TreeMap<>(Map.of("format", "pt", KEY, new Gson().toJson(this))); // one order
  }

  /**
   * Reads the metadata.
   *
   * @throws CheckpointException if the file is another
   */
  static PatchHeader of(String file, Map<String, String> metadata) throws CheckpointException {
    @Nullable String json = metadata.get(KEY);
    if (json == null) {
      throw refused(file);
    }
    ConfigJson own = ConfigJson.parse(file, json);
    ConfigJson made = own.child("source");
    var source =
        new Source(made.stringAt("sum"), made.intAt("imageSize"), made.stringAt("processor"));
    List<Long> bytes = new ArrayList<>();
    for (double size : own.doublesAt("bytes")) {
      bytes.add((long) size);
    }
    var header =
        new PatchHeader(
            source,
            own.intAt("views"),
            own.booleanAt("augmented"),
            (long) own.doubleAt("seed"),
            own.stringsAt("images"),
            bytes);
    if (header.views < 1 || header.images.size() != bytes.size()) {
      throw refused(file);
    }
    return header;
  }

  private static CheckpointException refused(String file) {
    return new CheckpointException(
        file
            + ": stored features expected, got a file without their list of images; write it with"
            + " embed --kind patches --data");
  }
}
