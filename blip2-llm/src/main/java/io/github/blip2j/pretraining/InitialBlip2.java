package io.github.blip2j.pretraining;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.RetrievalCheckpoint;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.checkpoint.hf.LanguageSizes;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The BLIP-2 with which the second stage begins: a model of the first stage, a drawn projection,
 * and a plain language model.
 */
final class InitialBlip2 implements Blip2Source {
  private final StageTwoParts parts;
  private final RetrievalCheckpoint stageOne;
  private final LanguageSizes text;
  private final Blip2Config config;
  private final LanguageFamilies families;

  private InitialBlip2(
      StageTwoParts parts,
      RetrievalCheckpoint stageOne,
      LanguageSizes text,
      Blip2Config config,
      LanguageFamilies families) {
    this.parts = parts;
    this.stageOne = stageOne;
    this.text = text;
    this.config = config;
    this.families = families;
  }

  /**
   * Reads the sizes of the parts.
   *
   * @param imageSize side of the images, or null for the first stage's
   * @throws CheckpointException if a part is of another kind
   */
  static InitialBlip2 of(StageTwoParts parts, @Nullable Integer imageSize, Families families)
      throws IOException {
    var stageOne = RetrievalCheckpoint.of(parts.stageOne(), families.vision());
    if (stageOne.path().toString().endsWith(".safetensors")) {
      throw new CheckpointException(
          stageOne.path()
              + ": first stage expected whole, got a file without its vision encoder or sizes; "
              + "give the"
              + " run's command again with --resume --export lavis");
    }
    try (var language = LanguageFolder.open(parts.language(), families.language())) {
      LanguageSizes text = language.sizes();
      Blip2Config stored = stageOne.withLanguage(text);
      Blip2Config config =
          imageSize == null ? stored : stored.withVision(stored.vision().withImageSize(imageSize));
      return new InitialBlip2(parts, stageOne, text, config, families.language());
    }
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public OpenWeights open() throws IOException {
    try (var opened = new OpenResources()) {
      OpenWeights image = stageOne.openImageSide(config.vision());
      opened.add(image);
      LanguageFolder language = LanguageFolder.open(parts.language(), families);
      opened.add(language::close);
      Weights positioned = ResizedPositions.of(image.weights(), config.vision(), "vision");
      Weights drawn = Weights.initialized((shape, init) -> projection(shape.toArray()));
      var languageModel =
          new CheckpointWeights(
              parts.language().toString(), language.checkpoint(), HuggingFaceNames.blip2(config));
      Weights all =
          new SplitWeights(
              "language", languageModel, new SplitWeights("projection", drawn, positioned));
      return opened.keep(
          new OpenWeights(all, List.of(image, language::close), image.mergedAdapters()));
    }
  }

  /** Draws as PyTorch does for a linear map, uniformly within the root of its inputs. */
  private Tensor projection(long[] dims) {
    RandomGenerator random = new SplittableRandom(parts.seed() + dims.length);
    double bound = 1 / Math.sqrt(config.qformer().dim());
    int size = 1;
    for (long dim : dims) {
      size = Math.toIntExact(size * dim);
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return Tensor.of(values, dims);
  }

  @Override
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(parts.language());
  }

  @Override
  public @Nullable HuggingFaceTokenizer instructionTokenizer() {
    return null;
  }

  @Override
  public ImageProcessor processor() throws IOException {
    Path path = stageOne.path();
    Path folder = Files.isDirectory(path) ? path : path.resolveSibling("");
    return ModelFolder.processor(folder, config.vision());
  }

  @Override
  public void describe(Path folder) throws IOException {
    Blip2Json.write(folder, config, text.json());
    copyTokenizers(folder);
  }

  @Override
  public JsonObject textConfig() {
    return text.json();
  }

  @Override
  public void copyTokenizers(Path folder) throws IOException {
    TokenizerCopy.copy(parts.language(), folder);
  }
}
