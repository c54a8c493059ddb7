package io.github.blip2j.vision.image;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads an {@link ImageProcessorConfig} from Hugging Face's JSON. */
final class ImageProcessorJson {
  private static final String FILE = "preprocessor_config.json";
  private static final String NEWER_FILE = "processor_config.json";
  private static final String NEWER_KEY = "image_processor";

  private static final int BLIP_SIZE = 384;
  private static final int CLIP_SIZE = 224;

  /** Processor types with default values; for other types every value must be stated. */
  private enum Type {
    BLIP,
    CLIP,
    SIGLIP,
    OTHER;

    static Type of(ConfigJson json) throws CheckpointException {
      String key =
          json.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
      String name = json.stringAt(key, "Blip"); // transformers' default for BLIP-2
      if (name.startsWith("Siglip")) {
        return name.startsWith("Siglip2") ? OTHER : SIGLIP; // pictures of any shape
      }
      return name.startsWith("Blip") ? BLIP : name.startsWith("CLIP") ? CLIP : OTHER;
    }

    /** The side of its images if none is told. */
    int side() {
      return this == BLIP ? BLIP_SIZE : CLIP_SIZE; // SigLIP's is CLIP's
    }

    List<Double> mean() {
      return this == SIGLIP ? ImageProcessorConfig.HALF : ImageProcessorConfig.CLIP_MEAN;
    }

    List<Double> std() {
      return this == SIGLIP ? ImageProcessorConfig.HALF : ImageProcessorConfig.CLIP_STD;
    }
  }

  private final ConfigJson json;
  private final Type type;

  private ImageProcessorJson(ConfigJson json) throws CheckpointException {
    this.json = json;
    this.type = Type.of(json);
  }

  static ImageProcessorConfig load(Path folder) throws IOException {
    @Nullable ConfigJson told = told(folder);
    if (told == null) {
      throw new CheckpointException(
          folder + ": file expected " + FILE + ", got none; use ImageProcessor.blip2(size)");
    }
    return new ImageProcessorJson(told).read();
  }

  static boolean isIn(Path folder) throws IOException {
    return told(folder) != null;
  }

  /**
   * The settings, or null. transformers 5 writes all parts of a processor to one file, and reads
   * that file first: another file may be left from an earlier version.
   */
  private static @Nullable ConfigJson told(Path folder) throws IOException {
    Path newer = folder.resolve(NEWER_FILE);
    if (Files.isRegularFile(newer)) {
      ConfigJson parts = ConfigJson.read(newer);
      if (parts.has(NEWER_KEY)) {
        return parts.child(NEWER_KEY);
      }
    }
    Path file = folder.resolve(FILE);
    return Files.isRegularFile(file) ? ConfigJson.read(file) : null;
  }

  static JsonObject write(ImageProcessorConfig config) {
    var json = new JsonObject();
    ImageSize stretchedTo = config.stretchedTo();
    Integer shortestEdge = config.shortestEdge();
    ImageSize croppedTo = config.croppedTo();
    json.addProperty("do_convert_rgb", true);
    json.addProperty("do_center_crop", croppedTo != null);
    json.addProperty("do_normalize", true);
    json.addProperty("do_rescale", true);
    json.addProperty("do_resize", stretchedTo != null || shortestEdge != null);
    json.addProperty("image_processor_type", "BlipImageProcessor"); // every setting is told
    json.add("image_mean", array(config.mean()));
    json.add("image_std", array(config.std()));
    json.addProperty("resample", config.resampling().code());
    json.addProperty("rescale_factor", config.rescaleFactor());
    if (stretchedTo != null) {
      json.add("size", sides(stretchedTo));
    } else if (shortestEdge != null) {
      var edge = new JsonObject();
      edge.addProperty("shortest_edge", shortestEdge);
      json.add("size", edge);
    }
    if (croppedTo != null) {
      json.add("crop_size", sides(croppedTo));
    }
    return json;
  }

  private static JsonObject sides(ImageSize size) {
    var json = new JsonObject();
    json.addProperty("height", size.height());
    json.addProperty("width", size.width());
    return json;
  }

  private static JsonArray array(List<Double> values) {
    var json = new JsonArray();
    values.forEach(json::add);
    return json;
  }

  private ImageProcessorConfig read() throws CheckpointException {
    if (flag("do_pad", false)) {
      throw new CheckpointException(
          json + ": do_pad expected false, got true; it is not supported");
    }
    boolean resizes = flag("do_resize", true);
    boolean crops = flag("do_center_crop", type == Type.CLIP);
    Integer shortestEdge = resizes ? shortestEdge(crops) : null;
    ImageSize stretchedTo = resizes && shortestEdge == null ? size("size", type.side()) : null;
    ImageSize croppedTo = crops ? size("crop_size", CLIP_SIZE) : null;
    double factor = json.doubleAt("rescale_factor", 1 / 255.0);
    double rescale = flag("do_rescale", true) ? factor : 1;
    boolean normalizes = flag("do_normalize", true);
    List<Double> mean = normalizes ? channels("image_mean", type.mean()) : List.of(0.0, 0.0, 0.0);
    List<Double> std = normalizes ? channels("image_std", type.std()) : List.of(1.0, 1.0, 1.0);
    try {
      Resampling resampling = Resampling.ofCode(json.intAt("resample", 3)); // bicubic
      return new ImageProcessorConfig(
          stretchedTo, shortestEdge, croppedTo, resampling, rescale, mean, std);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + e.getMessage());
    }
  }

  /** A step of the processor; null switches it off, as in transformers. */
  private boolean flag(String key, boolean absent) throws CheckpointException {
    return !json.isNull(key) && json.booleanAt(key, absent);
  }

  private @Nullable Integer shortestEdge(boolean crops) throws CheckpointException {
    if (!json.has("size")) {
      return type == Type.CLIP ? Integer.valueOf(CLIP_SIZE) : null;
    }
    if (!json.hasChild("size")) {
      // A bare number is the shorter side for CLIP's processors, which crop, and both sides for
      // BLIP's.
      boolean square = type != Type.CLIP && !crops;
      int[] sides = json.intsAt("size");
      return sides.length > 1 || json.booleanAt("default_to_square", square)
          ? null
          : Integer.valueOf(json.intAt("size"));
    }
    ConfigJson size = json.child("size");
    if (!size.has("shortest_edge")) {
      return null;
    }
    if (size.keys().size() > 1) {
      throw new CheckpointException(
          size + " expected height and width or shortest_edge, got " + size.keys());
    }
    return size.intAt("shortest_edge");
  }

  private ImageSize size(String key, int usual) throws CheckpointException {
    try {
      if (json.hasChild(key)) {
        ConfigJson size = json.child(key);
        return new ImageSize(size.intAt("height"), size.intAt("width"));
      }
      if (!json.has(key) && type != Type.OTHER) {
        return ImageSize.square(usual);
      }
      int[] sides = json.intsAt(key);
      return sides.length == 2
          ? new ImageSize(sides[0], sides[1])
          : ImageSize.square(json.intAt(key));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(json + ": " + key + ": " + e.getMessage());
    }
  }

  private List<Double> channels(String key, List<Double> usual) throws CheckpointException {
    if (!json.has(key) && !json.isNull(key) && type != Type.OTHER) {
      return usual;
    }
    List<Double> given = Arrays.stream(json.doublesAt(key)).boxed().toList();
    return json.isList(key) ? given : Collections.nCopies(Image.CHANNELS, given.get(0));
  }
}
