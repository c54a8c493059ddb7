package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A loader of models of BLIP-2's first stage, in the formats of LAVIS and Hugging Face. */
public final class RetrievalLoader {
  /** The file in a Hugging Face folder with the tensors that only LAVIS uses. */
  public static final String LAVIS_ONLY = "lavis.safetensors";

  private RetrievalLoader() {}

  /**
   * Loads a LAVIS checkpoint, its file or its folder, a Hugging Face folder of {@code
   * Blip2ForImageTextRetrieval}, or a folder of this library, in float32 and ready to be trained. A
   * folder of Hugging Face has neither temperature nor captioning head, unless {@link Conversion}
   * stored them beside the weights.
   *
   * @param home the scope of the parameters
   * @throws CheckpointException if the path is neither, or the tensors do not fit
   */
  public static Blip2RetrievalModel load(Path path, Scope home) throws IOException {
    return load(path, Loading.toTrain(home, UnaryOperator.identity())).model;
  }

  /** Loads a model with its weights packed for inference; see {@link #load(Path, Scope)}. */
  public static Blip2RetrievalModel load(Path path, Scope home, Precision precision)
      throws IOException {
    return load(path, home, LoadOptions.of(precision)).model;
  }

  /**
   * Loads a model with its weights packed for inference, with options; see {@link #load(Path,
   * Scope)}.
   *
   * @throws IllegalArgumentException if the options name an adapter for a file of LAVIS
   */
  public static Loaded load(Path path, Scope home, LoadOptions options) throws IOException {
    if (options.backend() != null && options.backend() != home.backend()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "load: scope of the parameters expected on backend %s as the options say, got one on"
                  + " %s; open it with Scope.detached(backend)",
              options.backend(),
              home.backend()));
    }
    Loading loading =
        new Loading(
            home, UnaryOperator.identity(), params -> params.packed(options.precision()), options);
    return load(path, loading);
  }

  /** A model, the checkpoint's tensors that it has no parameter for, and its convention. */
  public record Loaded(
      Blip2RetrievalModel model, NavigableSet<String> leftOut, Convention convention) {}

  /**
   * Settings of a load.
   *
   * @param change of its sizes
   * @param arrange of its parameters
   */
  private record Loading(
      Scope home,
      UnaryOperator<Blip2RetrievalConfig> change,
      UnaryOperator<Params> arrange,
      LoadOptions options) {
    /** Settings for a model in float32 that is to be trained. */
    static Loading toTrain(Scope home, UnaryOperator<Blip2RetrievalConfig> change) {
      return new Loading(home, change, params -> params, LoadOptions.of(Precision.FLOAT32));
    }
  }

  /**
   * Loads a model with a change of its sizes; see {@link #load(Path, Scope)}. For another image
   * size, positions are interpolated once.
   */
  public static Blip2RetrievalModel load(
      Path path, Scope home, UnaryOperator<Blip2RetrievalConfig> change) throws IOException {
    return load(path, Loading.toTrain(home, change)).model;
  }

  /**
   * Loads a model with a change of its sizes and these families of vision encoders; see {@link
   * #load(Path, Scope)}.
   */
  public static Blip2RetrievalModel load(
      Path path, Scope home, VisionFamilies families, UnaryOperator<Blip2RetrievalConfig> change)
      throws IOException {
    LoadOptions options = LoadOptions.of(Precision.FLOAT32).withVisionFamilies(families);
    return load(path, new Loading(home, change, params -> params, options)).model;
  }

  private static Blip2RetrievalModel model(Blip2RetrievalConfig config, Params params) {
    return params.has("temperature")
        ? Blip2RetrievalModel.of(config, params)
        : Blip2RetrievalModel.forRetrieval(config, params);
  }

  /** How a checkpoint's tensors fit the model of its configuration, by names and shapes only. */
  static Params.Fit fit(Path path, Scope home) throws IOException {
    RetrievalCheckpoint checkpoint = RetrievalCheckpoint.of(path, VisionFamilies.installed());
    Blip2RetrievalConfig config = checkpoint.config();
    try (OpenWeights open = checkpoint.open(config.vision(), null)) {
      Params params = Params.checking(open.weights(), home);
      model(config, params);
      return params.fit().spelledBy(checkpoint.keys(config.vision()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Loaded load(Path path, Loading loading) throws IOException {
    RetrievalCheckpoint checkpoint =
        RetrievalCheckpoint.of(path, loading.options.families().vision());
    @Nullable Path adapter = loading.options.adapter();
    if (adapter != null && checkpoint.convention() == Convention.LAVIS) {
      throw new IllegalArgumentException(
          "load: adapter expected with a Hugging Face folder, got a file of LAVIS; convert it"
              + " first");
    }
    try {
      Blip2RetrievalConfig config = loading.change.apply(checkpoint.config());
      try (OpenWeights open = checkpoint.open(config.vision(), adapter)) {
        Weights weights = ResizedPositions.of(open.weights(), config.vision(), "vision");
        Params params = loading.arrange.apply(Params.root(weights, loading.home));
        Blip2RetrievalModel model = model(config, params);
        model.tellMerged(open.mergedAdapters());
        return new Loaded(model, loading.options.finish(params), checkpoint.convention());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
