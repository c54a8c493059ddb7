package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.ResizedPositions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Loads models of BLIP-2's first stage, as LAVIS and Hugging Face store them. */
public final class StageOneLoader {
  /** The file in a Hugging Face folder with what only LAVIS reads. */
  public static final String LAVIS_ONLY = "lavis.safetensors";

  private StageOneLoader() {}

  /**
   * Loads a LAVIS checkpoint, its file or the folder it lies in, or a Hugging Face folder of {@code
   * Blip2ForImageTextRetrieval}, in float32 and ready to be trained. Hugging Face's has neither
   * temperature nor the head that writes, unless {@link Conversion} left them beside it.
   *
   * @param home where parameters live
   * @throws CheckpointException if it is neither, or its tensors do not fit
   */
  public static StageOneModel load(Path path, Scope home) throws IOException {
    return load(path, Loading.toTrain(home, UnaryOperator.identity())).model;
  }

  /** As {@link #load(Path, Scope)}, packed for inference. */
  public static StageOneModel load(Path path, Scope home, Precision precision) throws IOException {
    return load(path, home, LoadOptions.of(precision)).model;
  }

  /**
   * As {@link #load(Path, Scope)}, packed for inference, with what else the options say.
   *
   * @throws IllegalArgumentException if they name an adapter of a file of LAVIS
   */
  static Loaded load(Path path, Scope home, LoadOptions options) throws IOException {
    Loading loading =
        new Loading(
            home, UnaryOperator.identity(), params -> params.packed(options.precision()), options);
    return load(path, loading);
  }

  /** A model, names of the tensors that were there and have no place in it, and whose it is. */
  record Loaded(StageOneModel model, NavigableSet<String> leftOut, Flavour flavour) {}

  /**
   * How a model is loaded.
   *
   * @param change of its sizes
   * @param arrange of its parameters
   */
  private record Loading(
      Scope home,
      UnaryOperator<StageOneConfig> change,
      UnaryOperator<Params> arrange,
      LoadOptions options) {
    /** Plain, to be trained. */
    static Loading toTrain(Scope home, UnaryOperator<StageOneConfig> change) {
      return new Loading(home, change, params -> params, LoadOptions.of(Precision.FLOAT32));
    }
  }

  /**
   * As {@link #load(Path, Scope)}, with a change of its sizes, such as pictures of another size:
   * positions are interpolated once.
   */
  public static StageOneModel load(Path path, Scope home, UnaryOperator<StageOneConfig> change)
      throws IOException {
    return load(path, Loading.toTrain(home, change)).model;
  }

  private static StageOneModel model(StageOneConfig config, Params params) {
    return params.has("temperature")
        ? StageOneModel.of(config, params)
        : StageOneModel.forRetrieval(config, params);
  }

  /** How the tensors of a checkpoint fit the model that it tells of, without their numbers. */
  static Params.Fit fit(Path path, Scope home) throws IOException {
    return open(
        path,
        Loading.toTrain(home, UnaryOperator.identity()),
        (config, stored, keys, flavour) -> {
          Params params = Params.checking(stored, home);
          model(config, params);
          return params.fit().spelledBy(keys);
        });
  }

  /** What is made of an open checkpoint. */
  @FunctionalInterface
  private interface Use<T> {
    T of(StageOneConfig config, Weights stored, KeyMap keys, Flavour flavour) throws IOException;
  }

  private static Loaded load(Path path, Loading loading) throws IOException {
    return open(
        path, loading, (config, stored, keys, flavour) -> build(config, stored, loading, flavour));
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
          "load: adapter expected with a folder of Hugging Face, got a file of LAVIS; convert it"
              + " first");
    }
    try (Checkpoint checkpoint = ModelFolder.open(file)) {
      StageOneConfig config = loading.change.apply(LavisSizes.stageOne(file, checkpoint));
      KeyMap keys = StageOneCheckpoint.lavis(config.vision());
      var stored = new CheckpointWeights(file.toString(), checkpoint, keys);
      return use.of(config, stored, keys, Flavour.LAVIS);
    }
  }

  private static <T> T openHuggingFace(Path folder, Loading loading, Use<T> use)
      throws IOException {
    KeyMap keys = StageOneCheckpoint.huggingFace();
    ConfigJson json = ModelFolder.config(folder);
    StageOneConfig config = loading.change.apply(StageOneConfig.fromJson(json));
    Path rest = folder.resolve(StageOneLoader.LAVIS_ONLY);
    try (Checkpoint own = ModelFolder.open(folder);
        Checkpoint both = Files.exists(rest) ? Checkpoint.open(rest).over(own) : own;
        StoredWeights open = StoredWeights.over(folder, both, keys, loading.options)) {
      return use.of(config, open.weights(), keys, Flavour.HF);
    }
  }

  private static Loaded build(
      StageOneConfig config, Weights stored, Loading loading, Flavour flavour) throws IOException {
    Weights weights = ResizedPositions.of(stored, config.vision(), "vision");
    Params params = loading.arrange.apply(Params.root(weights, loading.home));
    var model = model(config, params);
    return new Loaded(model, loading.options.finish(params), flavour);
  }
}
