package io.github.blip2j.fuzz;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The JSON files of a model folder, each read alone: most inputs end here, in microseconds. {@link
 * ModelTarget} loads a model with them. The first byte of an input says which file the rest is.
 */
public final class SettingsTarget {
  private static final Path FOLDER = Scratch.folder("settings");

  private SettingsTarget() {}

  @FunctionalInterface
  private interface Reading {
    Object from(ConfigJson json) throws IOException;
  }

  private static final List<Reading> READINGS =
      List.of(
          Blip2Config::fromJson,
          Blip2RetrievalConfig::fromJson,
          OptConfig::fromJson,
          T5Config::fromJson,
          VisionConfig::fromJson,
          json -> BertConfig.fromJson(json, 8),
          BertConfig::fromPlainJson);

  /** Reads one file of settings. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    String file = ModelTarget.FILES.get(Math.floorMod(data[0] - '0', ModelTarget.FILES.size()));
    byte[] json = Arrays.copyOfRange(data, 1, data.length);
    if (file.equals("config.json")) {
      sizes(file, new String(json, StandardCharsets.UTF_8));
    } else {
      folder(file, json);
    }
  }

  private static void sizes(String file, String text) {
    for (Reading reading : READINGS) {
      try {
        reading.from(ConfigJson.parse(file, text));
      } catch (IOException | IllegalArgumentException e) {
        Messages.require(e);
      }
    }
  }

  private static void folder(String file, byte[] json) throws IOException {
    Path tokens = FOLDER.resolve("tokenizer.json");
    if (!Files.exists(tokens)) {
      ModelTarget.copy("tokenizer.json", FOLDER);
    }
    for (String each : ModelTarget.FILES) {
      Files.deleteIfExists(FOLDER.resolve(each));
    }
    Files.write(FOLDER.resolve(file), json);
    try {
      ImageProcessor.load(FOLDER);
      if (file.equals("tokenizer_config.json")) {
        HuggingFaceTokenizer.open(tokens).close();
      }
    } catch (IOException | IllegalArgumentException e) {
      Messages.require(e);
    }
  }
}
