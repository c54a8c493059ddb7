package io.github.blip2j.blip2;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.text.DjlTokenizer;
import io.github.blip2j.vision.ImageProcessor;
import io.github.blip2j.vision.ResizedPositions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
      List.of("generation_config.json", "processor_config.json", "chat_template.json");
  private static final String PREPROCESSOR = "preprocessor_config.json";

  static StageTwoFolder of(Path folder, @Nullable Integer imageSize) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config stored = Blip2Config.fromJson(ConfigJson.read(folder.resolve("config.json")));
    if (stored.readsInstruction()) {
      InstructionReader.in(folder);
    }
    Blip2Config config =
        imageSize == null ? stored : stored.withVision(stored.vision().withImageSize(imageSize));
    return new StageTwoFolder(folder, config, imageSize);
  }

  @Override
  public OpenWeights open() throws IOException {
    Checkpoint checkpoint = Checkpoint.open(folder);
    var stored =
        new CheckpointWeights(folder.toString(), checkpoint, HuggingFaceNames.keys(config));
    return new OpenWeights(
        ResizedPositions.of(stored, config.vision(), "vision"), List.of(checkpoint));
  }

  @Override
  public DjlTokenizer tokenizer() throws IOException {
    return DjlTokenizer.open(folder);
  }

  @Override
  public @Nullable DjlTokenizer instructionTokenizer() throws IOException {
    return config.readsInstruction() ? DjlTokenizer.open(InstructionReader.in(folder)) : null;
  }

  @Override
  public ImageProcessor processor() throws IOException {
    int side = config.vision().imageSize();
    return LoadedModel.processor(folder, side).withSize(side, side);
  }

  @Override
  public void describe(Path target) throws IOException {
    String text = Files.readString(folder.resolve("config.json"));
    if (imageSize != null) {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      if (json.has("vision_config")) {
        json.getAsJsonObject("vision_config").addProperty("image_size", imageSize);
      }
      text = json.toString();
    }
    Files.writeString(target.resolve("config.json"), text);
    for (String name : OTHER_FILES) {
      copy(name, target);
    }
    if (imageSize == null) {
      copy(PREPROCESSOR, target);
    } else {
      Files.writeString(
          target.resolve(PREPROCESSOR),
          LavisSizes.preprocessorJson(config.vision().imageSize(), Blip2Json.processor(config)));
    }
    Conversion.copyTokenizer(folder, target);
    if (config.readsInstruction()) {
      InstructionReader.copy(InstructionReader.in(folder), target);
    }
  }

  private void copy(String name, Path target) throws IOException {
    Path source = folder.resolve(name);
    if (Files.exists(source)) {
      Files.copy(source, target.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
