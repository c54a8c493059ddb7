package io.github.blip2j.vision;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.blip2j.io.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@link ImageProcessorConfig} from the JSON that Hugging Face processors write. */
final class ImageProcessorJson {
  private static final String FILE = "preprocessor_config.json";
  private static final String NEWER_FILE = "processor_config.json";
  private static final String NEWER_KEY = "image_processor";

  private final JsonObject json;
  private final String where;

  private ImageProcessorJson(JsonObject json, String where) {
    this.json = json;
    this.where = where;
  }

  static ImageProcessorConfig load(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.isRegularFile(file)) {
      return new ImageProcessorJson(parse(file), file.toString()).read();
    }
    // transformers 5 may write all of a processor's parts to one file.
    Path newer = folder.resolve(NEWER_FILE);
    if (Files.isRegularFile(newer) && parse(newer).get(NEWER_KEY) instanceof JsonObject part) {
      return new ImageProcessorJson(part, newer + ": " + NEWER_KEY).read();
    }
    throw new CheckpointException(
        folder + ": file expected " + FILE + ", got none; use ImageProcessor.blip2(size)");
  }

  private static JsonObject parse(Path file) throws IOException {
    try {
      if (JsonParser.parseString(Files.readString(file)) instanceof JsonObject object) {
        return object;
      }
    } catch (JsonParseException e) {
      throw new CheckpointException(file + ": file expected JSON, got " + e.getMessage());
    }
    throw new CheckpointException(file + ": file expected a JSON object, got another value");
  }

  private ImageProcessorConfig read() throws IOException {
    boolean resizes = flag("do_resize", true);
    boolean crops = flag("do_center_crop", false);
    JsonElement size = resizes ? json.get("size") : null;
    if (resizes && size == null) {
      throw wrong("size", "height and width, shortest_edge or a number", null);
    }
    Integer shortestEdge = size == null ? null : shortestEdge(size, crops);
    ImageSize stretchedTo = size == null || shortestEdge != null ? null : size("size", size);
    ImageSize croppedTo = crops ? size("crop_size", json.get("crop_size")) : null;
    double factor = number("rescale_factor", json.get("rescale_factor"), 1 / 255.0);
    boolean normalizes = flag("do_normalize", true);
    List<Double> mean = normalizes ? channels("image_mean") : List.of(0.0, 0.0, 0.0);
    List<Double> std = normalizes ? channels("image_std") : List.of(1.0, 1.0, 1.0);
    Resampling resampling = resampling();
    double rescale = flag("do_rescale", true) ? factor : 1;
    try {
      return new ImageProcessorConfig(
          stretchedTo, shortestEdge, croppedTo, resampling, rescale, mean, std);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(where + ": " + e.getMessage());
    }
  }

  private @Nullable Integer shortestEdge(JsonElement size, boolean crops) throws IOException {
    if (size instanceof JsonObject object && object.has("shortest_edge")) {
      if (object.has("height") || object.has("width")) {
        throw wrong("size", "height and width or shortest_edge", size);
      }
      return integer("size.shortest_edge", object.get("shortest_edge"));
    }
    // CLIP's processors, which crop, mean the shorter side by a bare number, and BLIP's both sides.
    return crops && size.isJsonPrimitive() ? Integer.valueOf(integer("size", size)) : null;
  }

  private boolean flag(String key, boolean fallback) throws IOException {
    JsonElement value = json.get(key);
    if (value == null || value.isJsonNull()) {
      return fallback;
    }
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
      throw wrong(key, "true or false", value);
    }
    return value.getAsBoolean();
  }

  private double number(String key, @Nullable JsonElement value, double fallback)
      throws IOException {
    if (value == null || value.isJsonNull()) {
      return fallback;
    }
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber()) {
      throw wrong(key, "a number", value);
    }
    return value.getAsDouble();
  }

  private int integer(String key, @Nullable JsonElement value) throws IOException {
    double number = number(key, value, Double.NaN);
    if (number != (int) number) {
      throw wrong(key, "a whole number", value);
    }
    return (int) number;
  }

  private ImageSize size(String key, @Nullable JsonElement value) throws IOException {
    try {
      if (value instanceof JsonObject object) {
        return new ImageSize(
            integer(key + ".height", object.get("height")),
            integer(key + ".width", object.get("width")));
      }
      return ImageSize.square(integer(key, value));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(where + ": " + key + ": " + e.getMessage());
    }
  }

  private Resampling resampling() throws IOException {
    JsonElement code = json.get("resample");
    if (code == null || code.isJsonNull()) {
      return Resampling.BICUBIC;
    }
    double number = number("resample", code, Double.NaN);
    try {
      return Resampling.ofCode(number);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(where + ": " + e.getMessage());
    }
  }

  private List<Double> channels(String key) throws IOException {
    JsonElement value = json.get(key);
    if (value == null || !value.isJsonArray() || value.getAsJsonArray().size() != 3) {
      throw wrong(key, "3 numbers", value);
    }
    List<Double> channels = new ArrayList<>();
    for (JsonElement element : value.getAsJsonArray()) {
      channels.add(number(key, element, Double.NaN));
    }
    return channels;
  }

  private CheckpointException wrong(String key, String expected, @Nullable JsonElement got) {
    return new CheckpointException(
        "%s: %s expected %s, got %s".formatted(where, key, expected, got == null ? "none" : got));
  }
}
