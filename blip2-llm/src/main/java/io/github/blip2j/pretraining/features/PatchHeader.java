package io.github.blip2j.pretraining.features;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import io.github.blip2j.io.file.CheckpointException;
import java.util.List;
import java.util.Map;
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

  Map<String, String> metadata() {
    return Map.of("format", "pt", KEY, new Gson().toJson(this));
  }

  /**
   * Reads the metadata.
   *
   * @throws CheckpointException if the file is another
   */
  static PatchHeader of(String file, Map<String, String> metadata) throws CheckpointException {
    @Nullable String json = metadata.get(KEY);
    try {
      @Nullable PatchHeader header =
          json == null ? null : new Gson().fromJson(json, PatchHeader.class);
      if (header != null && header.views > 0 && header.images.size() == header.bytes.size()) {
        return header;
      }
    } catch (JsonParseException | NullPointerException e) {
      throw refused(file, e);
    }
    throw refused(file, null);
  }

  private static CheckpointException refused(String file, @Nullable Exception cause) {
    var refused =
        new CheckpointException(
            file
                + ": stored features expected, got a file without their list of images; write it with"
                + " embed --kind patches --data");
    if (cause != null) {
      refused.initCause(cause);
    }
    return refused;
  }
}
