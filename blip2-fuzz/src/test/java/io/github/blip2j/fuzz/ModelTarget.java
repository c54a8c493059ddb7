package io.github.blip2j.fuzz;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A small model with one of its JSON files replaced: it is loaded and captions a picture. The first
 * byte of an input says which file the rest replaces.
 */
public final class ModelTarget {
  static final List<String> FILES =
      List.of(
          "config.json",
          "preprocessor_config.json",
          "generation_config.json",
          "tokenizer_config.json",
          "processor_config.json");

  private static final String MODEL = "/hf-opt/"; // of the golden data
  private static final Path FOLDER = Scratch.folder("models");
  private static final Image IMAGE = Image.of(2, 2, new byte[12]);

  private ModelTarget() {}

  /** Loads the model with the file and asks it for two tokens. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    String file = FILES.get(Math.floorMod(data[0] - '0', FILES.size()));
    for (String each : List.of("model.safetensors", "tokenizer.json")) {
      if (!Files.exists(FOLDER.resolve(each))) {
        copy(each, FOLDER);
      }
    }
    for (String each : FILES) {
      copy(each, FOLDER);
    }
    Files.write(FOLDER.resolve(file), Arrays.copyOfRange(data, 1, data.length));
    try (Blip2 blip2 = Blip2.load(FOLDER)) {
      blip2.generate(IMAGE, "a", GenerationConfig.greedy().maxNewTokens(2));
    } catch (IOException | IllegalArgumentException e) {
      Messages.require(e);
    }
  }

  /** Puts a file of the model into a folder. */
  static void copy(String file, Path folder) throws IOException {
    try (InputStream in = ModelTarget.class.getResourceAsStream(MODEL + file)) {
      if (in == null) {
        throw new AssertionError(MODEL + file + ": not on the class path");
      }
      Files.write(folder.resolve(file), in.readAllBytes());
    }
  }
}
