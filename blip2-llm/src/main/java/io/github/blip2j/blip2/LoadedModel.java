package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.DjlTokenizer;
import io.github.blip2j.vision.ImageProcessor;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model folder in memory: weights, tokenizer, image processor, and what ends a text. */
final class LoadedModel implements AutoCloseable {
  private final Scope memory;
  private final Blip2Opt model;
  private final DjlTokenizer tokenizer;
  private final ImageProcessor processor;

  private LoadedModel(Scope memory, Blip2Opt model, Path folder) throws IOException {
    this.memory = memory;
    this.model = model;
    this.tokenizer = DjlTokenizer.open(folder);
    try {
      tokenizer.requireFits(model.config().text().vocabSize());
      this.processor = processor(folder, model.config());
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  static LoadedModel load(Path folder, DType weightType) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config config = Blip2Config.fromJson(ConfigJson.read(folder.resolve("config.json")));
    Scope memory = Scope.detached();
    try {
      return new LoadedModel(memory, build(folder, config, weightType, memory), folder);
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private static Blip2Opt build(Path folder, Blip2Config config, DType weightType, Scope memory)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      var weights = new CheckpointWeights(folder.toString(), checkpoint, HuggingFaceNames.keys());
      Params params = Params.root(weights, memory, weightType);
      Blip2Opt model = new Blip2Opt(config, params);
      params.finish();
      return model;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  Blip2Opt model() {
    return model;
  }

  DjlTokenizer tokenizer() {
    return tokenizer;
  }

  ImageProcessor processor() {
    return processor;
  }

  int[] endIds() {
    return model.config().text().endIds().stream().mapToInt(Integer::intValue).toArray();
  }

  int padId() {
    return model.config().text().padId();
  }

  /** The ids of a prompt; without words, the token that begins every text. */
  int[] promptIds(String prompt) {
    int[] ids = tokenizer.encode(prompt);
    return ids.length == 0 ? new int[] {model.config().text().beginId()} : ids;
  }

  /** Pictures as the vision transformer reads them, [B, 3, H, W]. */
  Tensor pixels(List<RgbImage> images) {
    return processor.tensor(images);
  }

  @Override
  public void close() {
    tokenizer.close();
    memory.close();
  }

  private static ImageProcessor processor(Path folder, Blip2Config config) throws IOException {
    return Files.exists(folder.resolve("preprocessor_config.json"))
        ? ImageProcessor.load(folder)
        : ImageProcessor.blip2(config.vision().imageSize());
  }
}
