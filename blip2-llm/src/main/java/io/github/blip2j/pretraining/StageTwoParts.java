package io.github.blip2j.pretraining;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.checkpoint.lavis.LavisSizes;
import io.github.blip2j.blip2.checkpoint.lavis.ModelJson;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the second stage starts from (section 3.2): a model of the first stage, and a plain language
 * model. The projection between them is drawn.
 */
public final class StageTwoParts implements StageTwoSource {
  private static final String VISION = "vision";

  private final Path stageOne;
  private final Path language;
  private final Blip2Config config;
  private final JsonObject textConfig;
  private final long seed;

  private StageTwoParts(
      Path stageOne, Path language, Blip2Config config, JsonObject textConfig, long seed) {
    this.stageOne = stageOne;
    this.language = language;
    this.config = config;
    this.textConfig = textConfig;
    this.seed = seed;
  }

  /**
   * Builds a model to be trained.
   *
   * @param stageOne a LAVIS checkpoint of the first stage, its file or folder, or a Hugging Face
   *     folder of any BLIP-2, whose text side and heads are left
   * @param language a folder of a plain language model, such as {@code facebook/opt-2.7b}, with its
   *     tokenizer
   * @param home where parameters live
   * @param seed of the projection
   * @throws CheckpointException if either is something else
   */
  public static StageTwoModel load(
      Path stageOne, Path language, Scope home, StageTwoSetup setup, long seed) throws IOException {
    @Nullable Path file = LavisFile.in(stageOne);
    Path resolved = file == null ? stageOne : file;
    if (resolved.toString().endsWith(".safetensors")) {
      throw new CheckpointException(
          resolved
              + ": first stage expected whole, got a file without its vision encoder or sizes; "
              + "give the"
              + " run's command again with --resume --export lavis");
    }
    try (var opened = LanguageFolder.open(language);
        var tokenizer = opened.tokenizer()) {
      JsonObject text = opened.textConfig(tokenizer);
      ConfigJson json = ConfigJson.parse(language + "/config.json", text.toString());
      LanguageConfig sizes = Blip2Config.language(opened.kind(), json);
      Blip2Config config =
          config(resolved, file != null, sizes, LanguageFolder.imageToken(tokenizer, sizes));
      if (setup.imageSize() != null) {
        config = config.withVision(config.vision().withImageSize(setup.imageSize()));
      }
      var parts = new StageTwoParts(resolved, language, config, text, seed);
      return StageTwoModel.load(parts, home, setup);
    }
  }

  private static Blip2Config config(
      Path stageOne, boolean lavis, LanguageConfig text, @Nullable Integer imageToken)
      throws IOException {
    VisionConfig vision;
    BertConfig bert;
    int queries;
    @Nullable Double ownVisionNormEps;
    if (lavis) {
      try (Checkpoint checkpoint = ModelFolder.open(stageOne)) {
        Blip2RetrievalConfig sizes = LavisSizes.stageOne(stageOne, checkpoint);
        vision = sizes.vision();
        bert = sizes.qformer().bert();
        queries = sizes.qformer().queryTokens();
        ownVisionNormEps = ModelJson.visionNormEpsBeside(stageOne);
      }
    } else {
      ConfigJson json = ModelFolder.config(stageOne);
      vision = VisionConfig.fromJson(json.childOrEmpty("vision_config"));
      bert = BertConfig.fromJson(json.childOrEmpty("qformer_config"), vision.dim());
      queries = json.sizeAt("num_query_tokens", 32);
      ownVisionNormEps = Blip2Config.ownVisionNormEps(json);
    }
    return new Blip2Config(
        vision,
        bert.withoutTextSide(),
        text,
        queries,
        imageToken,
        lavis ? Convention.LAVIS : Convention.HF,
        ownVisionNormEps);
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public OpenWeights open() throws IOException {
    Checkpoint seeing = ModelFolder.open(stageOne);
    try (var opened = new OpenResources()) {
      opened.add(seeing::close);
      Checkpoint speaking = LanguageFolder.open(language).checkpoint();
      opened.add(speaking::close);
      var prompter = new CheckpointWeights(stageOne.toString(), seeing, prompterKeys());
      var words =
          new CheckpointWeights(language.toString(), speaking, HuggingFaceNames.blip2(config));
      Weights drawn = Weights.initialized((shape, init) -> projection(shape.toArray()));
      Weights rest =
          new SplitWeights(
              "projection", drawn, ResizedPositions.of(prompter, config.vision(), VISION));
      return opened.keep(
          new OpenWeights(new SplitWeights("language", words, rest), List.of(seeing, speaking)));
    }
  }

  private KeyMap prompterKeys() {
    return Files.isDirectory(stageOne)
        ? HuggingFaceNames.imageSide()
        : LavisNames.imageSide(config.vision());
  }

  /** As PyTorch draws a linear map, uniform within the root of its inputs. */
  private Tensor projection(long[] dims) {
    RandomGenerator random = new SplittableRandom(seed + dims.length);
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
    try (var opened = LanguageFolder.open(language)) {
      return opened.tokenizer();
    }
  }

  @Override
  public ImageProcessor processor() throws IOException {
    int side = config.vision().imageSize();
    Path beside = Files.isDirectory(stageOne) ? stageOne : stageOne.resolveSibling("");
    return ModelFolder.processor(beside, side).withSize(side, side);
  }

  @Override
  public void describe(Path folder) throws IOException {
    Blip2Json.write(folder, config, textConfig);
    try (var opened = LanguageFolder.open(language)) {
      opened.copyTokenizer(folder);
    }
  }
}
