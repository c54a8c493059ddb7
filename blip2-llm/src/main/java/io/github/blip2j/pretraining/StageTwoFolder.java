package io.github.blip2j.pretraining;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.PreprocessorJson;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face folder of {@code Blip2ForConditionalGeneration} or {@code
 * InstructBlipForConditionalGeneration}, to go on from.
 *
 * @param imageSize side of pictures, or null for the folder's own
 */
record StageTwoFolder(Path folder, Blip2Config config, @Nullable Integer imageSize)
    implements StageTwoSource {
  private static final List<String> OTHER_FILES =
      List.of("generation_config.json", "chat_template.json");
  private static final String VISION = "vision_config";
  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final String PROCESSOR = "processor_config.json";
  private static final String IN_PROCESSOR = "image_processor";

  static StageTwoFolder of(Path folder, @Nullable Integer imageSize) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config stored = Blip2Config.fromJson(ModelFolder.config(folder));
    LoraAdapter.requireNone(folder, "model to train");
    if (stored.readsInstruction()) {
      InstructionTokenizerFolder.in(folder);
    }
    Blip2Config config =
        imageSize == null ? stored : stored.withVision(stored.vision().withImageSize(imageSize));
    return new StageTwoFolder(folder, config, imageSize);
  }

  @Override
  public OpenWeights open() throws IOException {
    Checkpoint checkpoint = ModelFolder.open(folder);
    var stored =
        new CheckpointWeights(folder.toString(), checkpoint, HuggingFaceNames.blip2(config));
    return new OpenWeights(
        ResizedPositions.of(stored, config.vision(), "vision"), List.of(checkpoint));
  }

  @Override
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(folder);
  }

  @Override
  public @Nullable HuggingFaceTokenizer instructionTokenizer() throws IOException {
    return config.readsInstruction()
        ? HuggingFaceTokenizer.open(InstructionTokenizerFolder.in(folder))
        : null;
  }

  @Override
  public ImageProcessor processor() throws IOException {
    int side = config.vision().imageSize();
    return ModelFolder.processor(folder, side).withSize(side, side);
  }

  @Override
  public void describe(Path target) throws IOException {
    for (String name : OTHER_FILES) {
      copy(name, target);
    }
    if (imageSize == null) {
      copy("config.json", target);
      copy(PREPROCESSOR, target);
      copy(PROCESSOR, target);
    } else {
      describe(target, imageSize);
    }
    TokenizerCopy.copy(folder, target);
    if (config.readsInstruction()) {
      InstructionTokenizerFolder.copy(InstructionTokenizerFolder.in(folder), target);
    }
  }

  /** What tells of sizes, with another one and otherwise as it is. */
  private void describe(Path target, int side) throws IOException {
    JsonObject sizes = read("config.json");
    JsonObject vision = sizes.get(VISION) instanceof JsonObject told ? told : new JsonObject();
    vision.addProperty("image_size", side);
    sizes.add(VISION, vision);
    write(sizes, target.resolve("config.json"));
    boolean told = false;
    if (Files.exists(folder.resolve(PROCESSOR))) {
      JsonObject parts = read(PROCESSOR);
      if (parts.get(IN_PROCESSOR) instanceof JsonObject images) {
        resize(images, side);
        told = true;
      }
      write(parts, target.resolve(PROCESSOR));
    }
    if (Files.exists(folder.resolve(PREPROCESSOR))) {
      JsonObject images = read(PREPROCESSOR);
      resize(images, side);
      write(images, target.resolve(PREPROCESSOR));
    } else if (!told) {
      OutputFile.write(
          target.resolve(PREPROCESSOR), PreprocessorJson.of(side, Blip2Json.processor(config)));
    }
  }

  /** As {@link ImageProcessor#withSize} changes the settings, in the words that are there. */
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

  private void copy(String name, Path target) throws IOException {
    Path source = folder.resolve(name);
    if (Files.exists(source)) {
      OutputFile.write(target.resolve(name), Files.readAllBytes(source));
    }
  }
}
