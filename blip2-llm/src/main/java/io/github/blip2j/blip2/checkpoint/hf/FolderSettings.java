package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.files.PreprocessorJson;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The settings in a Hugging Face folder of a BLIP-2, to be copied to another folder. */
public record FolderSettings(Path folder) {
  private static final String CONFIG = "config.json";
  private static final String VISION = "vision_config";
  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final String PROCESSOR = "processor_config.json";
  private static final String IN_PROCESSOR = "image_processor";
  private static final List<String> OTHER_FILES =
      List.of("generation_config.json", "chat_template.json");

  /** Copies the settings byte by byte, but leaves out what they tell of quantised weights. */
  public void copy(Path target) throws IOException {
    copyOthers(target);
    for (String name : List.of(CONFIG, PREPROCESSOR, PROCESSOR)) {
      copy(name, target);
    }
    if (Files.exists(folder.resolve(CONFIG))) {
      JsonObject config = read(CONFIG);
      if (Quantization.forget(config)) {
        write(config, target.resolve(CONFIG));
      }
    }
  }

  /**
   * Copies the settings with another image size.
   *
   * @param processor class of the processor, for a folder without image settings
   */
  void copyResized(Path target, int side, String processor) throws IOException {
    copyOthers(target);
    JsonObject sizes = read(CONFIG);
    Quantization.forget(sizes);
    JsonObject vision = sizes.get(VISION) instanceof JsonObject given ? given : new JsonObject();
    vision.addProperty("image_size", side);
    sizes.add(VISION, vision);
    write(sizes, target.resolve(CONFIG));
    boolean resized = false;
    if (Files.exists(folder.resolve(PROCESSOR))) {
      JsonObject parts = read(PROCESSOR);
      if (parts.get(IN_PROCESSOR) instanceof JsonObject images) {
        resize(images, side);
        resized = true;
      }
      write(parts, target.resolve(PROCESSOR));
    }
    if (Files.exists(folder.resolve(PREPROCESSOR))) {
      JsonObject images = read(PREPROCESSOR);
      resize(images, side);
      write(images, target.resolve(PREPROCESSOR));
    } else if (!resized) {
      OutputFile.write(target.resolve(PREPROCESSOR), PreprocessorJson.of(side, processor));
    }
  }

  /** Changes the settings like {@link ImageProcessor#withSize}, under the keys that they have. */
  private static void resize(JsonObject images, int side) {
    for (String key : List.of("size", "crop_size")) {
      if (images.get(key) instanceof JsonObject size) {
        size.keySet().forEach(each -> size.addProperty(each, side)); // both sides, or the shorter
      } else if (images.has(key)) {
        images.addProperty(key, side);
      }
    }
  }

  private JsonObject read(String name) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve(name))).getAsJsonObject();
  }

  private static void write(JsonObject json, Path file) throws IOException {
    OutputFile.write(
        file, new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json) + "\n");
  }

  private void copyOthers(Path target) throws IOException {
    for (String name : OTHER_FILES) {
      copy(name, target);
    }
  }

  private void copy(String name, Path target) throws IOException {
    Path source = folder.resolve(name);
    if (Files.exists(source)) {
      OutputFile.write(target.resolve(name), Files.readAllBytes(source));
    }
  }
}
