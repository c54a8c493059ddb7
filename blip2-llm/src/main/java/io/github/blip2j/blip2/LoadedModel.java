package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.llm.T5Config;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Precision;
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
import java.util.function.Supplier;

/** A model folder in memory: weights, tokenizer, image processor, and what ends a text. */
final class LoadedModel implements AutoCloseable {
  private final Gate gate = new Gate("blip2", "model");
  private final Scope memory;
  private final Blip2Model model;
  private final DjlTokenizer tokenizer;
  private final ImageProcessor processor;

  private LoadedModel(Scope memory, Blip2Model model, Path folder) throws IOException {
    this.memory = memory;
    this.model = model;
    this.tokenizer = DjlTokenizer.open(folder);
    boolean whole = false;
    try {
      tokenizer.requireFits(model.config().text().vocabSize());
      this.processor = processor(folder, model.config().vision().imageSize());
      whole = true;
    } finally {
      if (!whole) {
        tokenizer.close();
      }
    }
  }

  static LoadedModel load(Path folder, Precision precision) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config config = Blip2Config.fromJson(ConfigJson.read(folder.resolve("config.json")));
    Scope memory = Scope.detached();
    boolean whole = false;
    try {
      Blip2Model model = build(folder, config, precision, memory);
      var loaded = new LoadedModel(memory, model, folder);
      whole = true;
      return loaded;
    } finally {
      if (!whole) {
        memory.close();
      }
    }
  }

  private static Blip2Model build(
      Path folder, Blip2Config config, Precision precision, Scope memory) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      KeyMap keys = HuggingFaceNames.keys(config.text());
      var weights = new CheckpointWeights(folder.toString(), checkpoint, keys);
      Params params = Params.root(weights, memory).packed(precision);
      Blip2Model model =
          config.text() instanceof T5Config
              ? new Blip2T5(config, params)
              : new Blip2Opt(config, params);
      params.finish();
      return model;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  Blip2Model model() {
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

  /** Prompts padded as the language model wants them. */
  PromptBatch promptBatch(List<int[]> ids) {
    return PromptBatch.of(ids, padId(), model.language().paddingSide());
  }

  /** Prompts with images anywhere, padded alike. */
  PromptBatch layoutBatch(List<PromptLayout> layouts) {
    return PromptBatch.ofLayouts(layouts, padId(), model.language().paddingSide());
  }

  /** The ids of words alone, without the tokenizer's special tokens. */
  int[] wordIds(String words) {
    int[] ids = tokenizer.encodePlain(words);
    requireWords(ids);
    return ids;
  }

  /** The ids of a prompt; without words, the token that begins every text. */
  int[] promptIds(String prompt) {
    int begin = model.config().text().beginId();
    int[] ids = prompt.isEmpty() ? new int[] {begin} : tokenizer.encode(prompt);
    requireWords(ids);
    return ids.length == 0 ? new int[] {begin} : ids;
  }

  private void requireWords(int[] ids) {
    Integer image = model.config().imageTokenId();
    int vocabSize = model.language().vocabSize();
    for (int id : ids) {
      if (id >= vocabSize || (image != null && id == image)) {
        throw new IllegalArgumentException(
            "generate: prompt expected words, got the token "
                + tokenizer.decodeAll(new int[] {id})
                + ", which stands for the image; leave it out");
      }
    }
  }

  /** Pictures as the vision transformer reads them, [B, 3, H, W]. */
  Tensor pixels(List<RgbImage> images) {
    return processor.tensor(images);
  }

  /**
   * Runs a call that uses the model; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  <T> T during(Supplier<T> body) {
    return gate.call(body);
  }

  @Override
  public void close() {
    gate.close(
        () -> {
          tokenizer.close();
          memory.close();
        });
  }

  /** What the folder says of pictures, or else what all BLIP-2 checkpoints share. */
  static ImageProcessor processor(Path folder, int imageSize) throws IOException {
    Path newer = folder.resolve("processor_config.json");
    boolean told =
        Files.exists(folder.resolve("preprocessor_config.json"))
            || (Files.exists(newer) && ConfigJson.read(newer).hasChild("image_processor"));
    return told ? ImageProcessor.load(folder) : ImageProcessor.blip2(imageSize);
  }
}
