package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.blip2.checkpoint.RetrievalCheckpoint;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A BLIP-2 in its first stage of training (Li et al. 2023, section 3.1), with the parts that learn,
 * and a LoRA or none.
 *
 * <p>The LoRA is of the modules of transformers' {@code Blip2ForImageTextRetrieval}. The captioning
 * head, which that model lacks, is none of them.
 */
public final class StageOneModel {
  private static final String VISION = "vision";

  private final Blip2RetrievalModel retrieval;
  private final @Nullable LoraLayers lora;

  private StageOneModel(Blip2RetrievalModel retrieval, @Nullable LoraLayers lora) {
    this.retrieval = retrieval;
    this.lora = lora;
  }

  /**
   * Loads a first stage to be trained further; see {@link
   * io.github.blip2j.blip2.checkpoint.RetrievalLoader#load(Path, Scope)}.
   *
   * @param home the scope of the parameters
   * @param sizes a change of its sizes, such as another image size
   * @throws io.github.blip2j.io.file.CheckpointException if the path is of another kind, its
   *     tensors do not fit, or an adapter lies beside the weights and a LoRA is to be trained
   * @throws IllegalArgumentException if a pattern or target names nothing, or nothing is trained
   */
  public static StageOneModel load(
      Path path, Scope home, UnaryOperator<Blip2RetrievalConfig> sizes, StageOneSetup setup)
      throws IOException {
    if (setup.tuning().lora() != null && Files.isDirectory(path)) {
      LoraAdapter.requireNone(path, "model to train");
    }
    var checkpoint = RetrievalCheckpoint.of(path, VisionFamilies.installed());
    Blip2RetrievalConfig config = sizes.apply(checkpoint.config());
    try (OpenWeights open = checkpoint.open(config.vision(), null)) {
      Weights weights = ResizedPositions.of(open.weights(), config.vision(), VISION);
      StageOneModel built =
          build(params -> stored(config, params), keys(config), weights, home, setup);
      built.retrieval.tellMerged(open.mergedAdapters());
      return built;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Builds a first stage from a vision encoder and a BERT.
   *
   * @param home the scope of the parameters
   * @param random the source of the parameters that are drawn
   * @throws io.github.blip2j.io.file.CheckpointException if a part is of another kind
   * @throws IllegalArgumentException if a pattern or target names nothing, or nothing is trained
   */
  public static StageOneModel load(
      StageOneParts parts, Scope home, RandomGenerator random, StageOneSetup setup)
      throws IOException {
    StageOneModel built =
        parts.open(
            random,
            (config, weights) ->
                build(
                    params -> Blip2RetrievalModel.of(config, params),
                    keys(config),
                    weights,
                    home,
                    setup));
    built.retrieval.tellMerged(MergedAdapters.in(parts.vision()));
    return built;
  }

  /** A folder of Hugging Face may lack what only training needs; the objective says so. */
  private static Blip2RetrievalModel stored(Blip2RetrievalConfig config, Params params) {
    return params.has("temperature")
        ? Blip2RetrievalModel.of(config, params)
        : Blip2RetrievalModel.forRetrieval(config, params);
  }

  /** The names of transformers. */
  private static KeyMap keys(Blip2RetrievalConfig config) {
    return HuggingFaceNames.retrieval(config.vision());
  }

  private static StageOneModel build(
      Function<Params, Blip2RetrievalModel> building,
      KeyMap keys,
      Weights weights,
      Scope home,
      StageOneSetup setup)
      throws IOException {
    @Nullable LoraSettings settings = setup.tuning().lora();
    try (LoraLayers.Source factors = LoraLayers.source(settings)) {
      Params params = Params.root(factors.over(weights, keys), home);
      Blip2RetrievalModel model = building.apply(params);
      model.trainQformer();
      if (setup.trainsVision()) {
        model.trainVision();
      }
      setup.tuning().apply(model.parameters());
      @Nullable LoraLayers lora =
          settings == null ? null : LoraLayers.attach(settings, params, keys);
      params.finish();
      if (lora != null) {
        lora.requireWhole();
      }
      model.computeIn(setup.computePrecision());
      return new StageOneModel(model, lora);
    }
  }

  /** The model. */
  public Blip2RetrievalModel retrieval() {
    return retrieval;
  }

  /** All parameters by name, trained and frozen, and the factors of a LoRA. */
  public NavigableMap<String, Parameter> parameters() {
    return retrieval.parameters();
  }

  /** The low-rank updates of this model, or null if it has none. */
  public @Nullable LoraLayers lora() {
    return lora;
  }

  /** Whether anything of the vision encoder learns, so that its features can't be stored. */
  public boolean trainsVision() {
    return retrieval.vision().parameters().values().stream()
        .anyMatch(each -> each.isTrained() || each.update() != null);
  }
}
