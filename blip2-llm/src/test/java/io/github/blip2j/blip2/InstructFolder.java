package io.github.blip2j.blip2;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What tests read from the golden folders of InstructBLIP. */
public final class InstructFolder {
  public static final Path OWN = Fixtures.own("hf-instructblip");
  private static final String EXPECTED = "expected.json";
  public static final String TOKENIZER = "qformer_tokenizer";
  private static final String MORE = "expected_more";

  private InstructFolder() {}

  static List<Path> all() {
    return Fixtures.folders("InstructBLIP", Fixtures::isHuggingFaceInstructBlip);
  }

  /** The model's own files in {@code folder}, to be damaged. */
  public static Path copyTo(Path folder) throws IOException {
    copyFiles(OWN, folder);
    copyFiles(OWN.resolve(TOKENIZER), Files.createDirectory(folder.resolve(TOKENIZER)));
    return folder;
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  /** The folders with states of every layer, gradients and a video besides. */
  static List<Path> withMore() {
    return all().stream()
        .filter(folder -> Files.exists(folder.resolve(MORE + ".safetensors")))
        .toList();
  }

  /** What {@code tools/golden/hf_instructblip.py} adds. */
  static Golden more(Path folder) {
    return Golden.openFile(folder.resolve(MORE + ".safetensors"));
  }

  /** The prompts of a folder's forward pass. */
  static List<String> prompts(Path folder) {
    List<String> prompts = new ArrayList<>();
    read(folder.resolve(EXPECTED))
        .getAsJsonArray("prompts")
        .forEach(prompt -> prompts.add(prompt.getAsString()));
    return prompts;
  }

  static double trainLoss(Path folder) {
    return read(folder.resolve(EXPECTED)).get("train_loss").getAsDouble();
  }

  static JsonObject video(Path folder) {
    return read(folder.resolve(MORE + ".json")).getAsJsonObject("video");
  }

  /**
   * All cases; those that say nothing of prompts and images ask all images the folder's prompts.
   */
  static List<DecodingCase> cases(Path folder) {
    JsonObject expected = read(folder.resolve(EXPECTED));
    List<DecodingCase> cases = cases(expected.getAsJsonArray("prompts"), expected);
    Path more = folder.resolve(MORE + ".json");
    if (Files.exists(more)) {
      cases.addAll(cases(expected.getAsJsonArray("prompts"), read(more)));
    }
    if (cases.isEmpty()) {
      throw new AssertionError(folder + ": decoding cases expected, got none");
    }
    return cases;
  }

  private static List<DecodingCase> cases(JsonArray prompts, JsonObject from) {
    var images = new JsonArray();
    for (int i = 0; i < prompts.size(); i++) {
      images.add(i);
    }
    List<DecodingCase> cases = new ArrayList<>();
    for (JsonElement element : from.getAsJsonArray("cases")) {
      JsonObject json = element.getAsJsonObject();
      addUnlessThere(json, "images", images);
      addUnlessThere(json, "prompts", prompts);
      addUnlessThere(json, "sequences_scores", JsonNull.INSTANCE);
      cases.add(DecodingCase.of(json));
    }
    return cases;
  }

  private static void addUnlessThere(JsonObject json, String key, JsonElement value) {
    if (!json.has(key)) {
      json.add(key, value);
    }
  }

  private static JsonObject read(Path file) {
    try (Reader reader = Files.newBufferedReader(file)) {
      return JsonParser.parseReader(reader).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
