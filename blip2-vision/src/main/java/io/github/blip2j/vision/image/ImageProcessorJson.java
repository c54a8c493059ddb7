package io.github.blip2j.vision.image;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@link ImageProcessorConfig} from the JSON that Hugging Face processors write. */
final class ImageProcessorJson {
  private static final String FILE = "preprocessor_config.json";
  private static final String NEWER_FILE = "processor_config.json";
  private static final String NEWER_KEY = "image_processor";

  private final ConfigJson json;

  private ImageProcessorJson(ConfigJson json) {
    this.json = json;
  }

  static ImageProcessorConfig load(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.isRegularFile(file)) {
      return new ImageProcessorJson(ConfigJson.read(file)).read();
    }
    // transformers 5 may write all of a processor's parts to one file.
    Path newer = folder.resolve(NEWER_FILE);
    if (Files.isRegularFile(newer)) {
      ConfigJson parts = ConfigJson.read(newer);
      if (parts.hasChild(NEWER_KEY)) {
        return new ImageProcessorJson(parts.child(NEWER_KEY)).read();
      }
    }
    throw new CheckpointException(
        folder + ": file expected " + FILE + ", got none; use ImageProcessor.blip2(size)");
  }

  private ImageProcessorConfig read() throws CheckpointException {
    boolean resizes = json.booleanAt("do_resize", true);
    boolean crops = json.booleanAt("do_center_crop", false);
    Integer shortestEdge = resizes ? shortestEdge(crops) : null;
    ImageSize stretchedTo = resizes && shortestEdge == null ? size("size") : null;
    ImageSize croppedTo = crops ? size("crop_size") : null;
    double factor = json.doubleAt("rescale_factor", 1 / 255.0);
    double rescale = json.booleanAt("do_rescale", true) ? factor : 1;
    boolean normalizes = json.booleanAt("do_normalize", true);
    List<Double> mean = normalizes ? channels("image_mean") : List.of(0.0, 0.0, 0.0);
    List<Double> std = normalizes ? channels("image_std") : List.of(1.0, 1.0, 1.0);
    try {
      Resampling resampling = Resampling.ofCode(json.intAt("resample", 3)); // bicubic
      return new ImageProcessorConfig(
          stretchedTo, shortestEdge, croppedTo, resampling, rescale, mean, std);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + e.getMessage());
    }
  }

  private @Nullable Integer shortestEdge(boolean crops) throws CheckpointException {
    if (!json.hasChild("size")) {
      // CLIP's processors, which crop, mean the shorter side by a bare number, and BLIP's both.
      return crops ? Integer.valueOf(json.intAt("size")) : null;
    }
    ConfigJson size = json.child("size");
    if (!size.has("shortest_edge")) {
      return null;
    }
    if (size.has("height") || size.has("width")) {
      throw new CheckpointException(
          size + " expected height and width or shortest_edge, got " + size.keys());
    }
    return size.intAt("shortest_edge");
  }

  private ImageSize size(String key) throws CheckpointException {
    try {
      if (json.hasChild(key)) {
        ConfigJson size = json.child(key);
        return new ImageSize(size.intAt("height"), size.intAt("width"));
      }
      return ImageSize.square(json.intAt(key));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + key + ": " + e.getMessage());
    }
  }

  private List<Double> channels(String key) throws CheckpointException {
    return Arrays.stream(json.doublesAt(key)).boxed().toList();
  }
}
