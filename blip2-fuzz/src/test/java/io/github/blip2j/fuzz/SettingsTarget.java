package io.github.blip2j.fuzz;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Blip2Config;
import io.github.blip2j.blip2.StageOneConfig;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.llm.OptConfig;
import io.github.blip2j.llm.T5Config;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The JSON files of a model folder. The first byte of an input says which file the rest replaces,
 * and whether it is read alone (0 to 4) or the whole model is loaded with it (5 to 9) and captions.
 */
public final class SettingsTarget {
  private static final String BUNDLED = "/io/github/blip2j/blip2/bundled/";
  private static final List<String> FILES =
      List.of(
          "config.json",
          "preprocessor_config.json",
          "generation_config.json",
          "tokenizer_config.json",
          "processor_config.json");
  private static final Path FOLDER = Scratch.folder("settings");
  private static final Path ALONE = Scratch.folder("setting");
  private static final RgbImage IMAGE = RgbImage.of(2, 2, new byte[12]);

  private SettingsTarget() {}

  @FunctionalInterface
  private interface Reading {
    Object from(ConfigJson json) throws IOException;
  }

  private static final List<Reading> READINGS =
      List.of(
          Blip2Config::fromJson,
          StageOneConfig::fromJson,
          OptConfig::fromJson,
          T5Config::fromJson,
          VisionConfig::fromJson,
          json -> BertConfig.fromJson(json, 8),
          BertConfig::fromPlainJson);

  /** Reads one file of settings, or loads a model with it. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    int which = Math.floorMod(data[0] - '0', 2 * FILES.size());
    byte[] json = Arrays.copyOfRange(data, 1, data.length);
    if (which < FILES.size()) {
      alone(FILES.get(which), json);
    } else {
      model(FILES.get(which - FILES.size()), json);
    }
  }

  private static void alone(String file, byte[] json) throws IOException {
    if (file.equals("config.json")) {
      String text = new String(json, StandardCharsets.UTF_8);
      for (Reading reading : READINGS) {
        try {
          reading.from(ConfigJson.parse(file, text));
        } catch (IOException | IllegalArgumentException e) {
          Messages.require(e);
        }
      }
      return;
    }
    for (String each : FILES) {
      Files.deleteIfExists(ALONE.resolve(each));
    }
    Files.write(ALONE.resolve(file), json);
    try {
      ImageProcessor.load(ALONE);
    } catch (IOException | IllegalArgumentException e) {
      Messages.require(e);
    }
  }

  private static void model(String file, byte[] json) throws IOException {
    for (String each : List.of("model.safetensors", "tokenizer.json")) {
      if (!Files.exists(FOLDER.resolve(each))) {
        unpack(each);
      }
    }
    for (String each : FILES) {
      unpack(each);
    }
    Files.write(FOLDER.resolve(file), json);
    try (Blip2 blip2 = Blip2.load(FOLDER)) {
      blip2.generate(IMAGE, "a", Decoding.greedy().maxNewTokens(2));
    } catch (IOException | IllegalArgumentException e) {
      Messages.require(e);
    }
  }

  private static void unpack(String file) throws IOException {
    try (InputStream in = SettingsTarget.class.getResourceAsStream(BUNDLED + file)) {
      if (in == null) {
        Files.deleteIfExists(FOLDER.resolve(file));
      } else {
        Files.write(FOLDER.resolve(file), in.readAllBytes());
      }
    }
  }
}
