package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.checkpoint.lavis.LavisSizes;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.ResizedPositions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Loads models of BLIP-2's first stage, in the formats of LAVIS and Hugging Face. */
public final class RetrievalLoader {
  /** The file in a Hugging Face folder with the tensors that only LAVIS uses. */
  public static final String LAVIS_ONLY = "lavis.safetensors";

  private RetrievalLoader() {}

  /**
   * Loads a LAVIS checkpoint, its file or its folder, or a Hugging Face folder of {@code
   * Blip2ForImageTextRetrieval}, in float32 and ready to be trained. Hugging Face's has neither
   * temperature nor captioning head, unless {@link Conversion} stored them beside it.
   *
   * @param home the scope of the parameters
   * @throws CheckpointException if it is neither, or its tensors do not fit
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
   * @throws IllegalArgumentException if they name an adapter for a file of LAVIS
   */
  public static Loaded load(Path path, Scope home, LoadOptions options) throws IOException {
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
    /** Plain, to be trained. */
    static Loading toTrain(Scope home, UnaryOperator<Blip2RetrievalConfig> change) {
      return new Loading(home, change, params -> params, LoadOptions.of(Precision.FLOAT32));
    }
  }

  /**
   * Loads a model with a change of its sizes, such as images of another size, for which positions
   * are interpolated once; see {@link #load(Path, Scope)}.
   */
  public static Blip2RetrievalModel load(
      Path path, Scope home, UnaryOperator<Blip2RetrievalConfig> change) throws IOException {
    return load(path, Loading.toTrain(home, change)).model;
  }

  private static Blip2RetrievalModel model(Blip2RetrievalConfig config, Params params) {
    return params.has("temperature")
        ? Blip2RetrievalModel.of(config, params)
        : Blip2RetrievalModel.forRetrieval(config, params);
  }

  /** How a checkpoint's tensors fit the model of its configuration, by names and shapes only. */
  static Params.Fit fit(Path path, Scope home) throws IOException {
    return open(
        path,
        Loading.toTrain(home, UnaryOperator.identity()),
        (config, stored, keys, convention) -> {
          Params params = Params.checking(stored, home);
          model(config, params);
          return params.fit().spelledBy(keys);
        });
  }

  /** A use of an open checkpoint. */
  @FunctionalInterface
  private interface Use<T> {
    T of(Blip2RetrievalConfig config, Weights stored, KeyMap keys, Convention convention)
        throws IOException;
  }

  private static Loaded load(Path path, Loading loading) throws IOException {
    return open(
        path,
        loading,
        (config, stored, keys, convention) -> build(config, stored, loading, convention));
  }

  private static <T> T open(Path path, Loading loading, Use<T> use) throws IOException {
    @Nullable Path lavis = LavisFile.in(path);
    try {
      return lavis == null ? openHuggingFace(path, loading, use) : openLavis(lavis, loading, use);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static <T> T openLavis(Path file, Loading loading, Use<T> use) throws IOException {
    if (loading.options.adapter() != null) {
      throw new IllegalArgumentException(
          "load: adapter expected with a Hugging Face folder, got a file of LAVIS; convert it"
              + " first");
    }
    try (Checkpoint checkpoint = ModelFolder.open(file)) {
      Blip2RetrievalConfig config = loading.change.apply(LavisSizes.stageOne(file, checkpoint));
      KeyMap keys = LavisNames.retrieval(config.vision());
      var stored = new CheckpointWeights(file.toString(), checkpoint, keys);
      return use.of(config, stored, keys, Convention.LAVIS);
    }
  }

  private static <T> T openHuggingFace(Path folder, Loading loading, Use<T> use)
      throws IOException {
    KeyMap keys = HuggingFaceNames.retrieval();
    ConfigJson json = ModelFolder.config(folder);
    Blip2RetrievalConfig config = loading.change.apply(Blip2RetrievalConfig.fromJson(json));
    Path rest = folder.resolve(RetrievalLoader.LAVIS_ONLY);
    try (Checkpoint own = ModelFolder.open(folder);
        Checkpoint both = Files.exists(rest) ? Checkpoint.open(rest).over(own) : own;
        StoredWeights open = StoredWeights.over(folder, both, keys, loading.options)) {
      return use.of(config, open.weights(), keys, Convention.HF);
    }
  }

  private static Loaded build(
      Blip2RetrievalConfig config, Weights stored, Loading loading, Convention convention)
      throws IOException {
    Weights weights = ResizedPositions.of(stored, config.vision(), "vision");
    Params params = loading.arrange.apply(Params.root(weights, loading.home));
    var model = model(config, params);
    return new Loaded(model, loading.options.finish(params), convention);
  }
}
