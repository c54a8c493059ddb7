package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionTransformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A model of BLIP-2's first stage (section 3.1): a frozen tower that sees, and the Q-Former that
 * compares, matches and writes.
 */
public final class StageOneModel extends Module {
  private static final String VISION = "vision";

  private final StageOneConfig config;
  private final VisionTransformer vision;
  private final Blip2Qformer qformer;
  private final NavigableMap<String, Parameter> parameters;

  private StageOneModel(StageOneConfig config, boolean trains, Params params) {
    super(params);
    this.config = config;
    this.vision = new VisionTransformer(config.vision(), params.at(VISION));
    this.qformer =
        trains
            ? Blip2Qformer.of(config.qformer(), params)
            : Blip2Qformer.forRetrieval(config.qformer(), params);
    this.parameters = params.all();
  }

  /** A model with all that training needs, from any weights. */
  public static StageOneModel of(StageOneConfig config, Params params) {
    return new StageOneModel(config, true, params);
  }

  /**
   * Loads a LAVIS checkpoint, its file or the folder it lies in, or a Hugging Face folder of {@code
   * Blip2ForImageTextRetrieval}, in float32 and ready to be trained. Hugging Face's has neither
   * temperature nor the head that writes, unless {@link Conversion} left them beside it.
   *
   * @param home where parameters live
   * @throws CheckpointException if it is neither, or its tensors do not fit
   */
  public static StageOneModel load(Path path, Scope home) throws IOException {
    return load(path, home, UnaryOperator.identity(), params -> params);
  }

  /** As {@link #load(Path, Scope)}, packed for inference. */
  public static StageOneModel load(Path path, Scope home, Precision precision) throws IOException {
    return load(path, home, UnaryOperator.identity(), params -> params.packed(precision));
  }

  /**
   * As {@link #load(Path, Scope)}, with a change of its sizes, such as pictures of another size:
   * positions are interpolated once.
   */
  public static StageOneModel load(Path path, Scope home, UnaryOperator<StageOneConfig> change)
      throws IOException {
    return load(path, home, change, params -> params);
  }

  private static StageOneModel load(
      Path path, Scope home, UnaryOperator<StageOneConfig> change, UnaryOperator<Params> arrange)
      throws IOException {
    @Nullable Path lavis = lavisFile(path);
    try {
      return lavis == null
          ? loadHuggingFace(path, home, change, arrange)
          : loadLavis(lavis, home, change, arrange);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The file of LAVIS that is meant, or null for a folder of another kind. */
  static @Nullable Path lavisFile(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return path;
    }
    if (!Files.isDirectory(path)) {
      throw new CheckpointException(path + ": model expected, got nothing; check the path");
    }
    TreeSet<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(path, "*.pth")) {
      found.forEach(files::add);
    }
    if (files.size() > 1) {
      throw new CheckpointException(
          "%s: one checkpoint of LAVIS expected, got %d files; name the one you mean"
              .formatted(path, files.size()));
    }
    return files.isEmpty() ? null : files.first();
  }

  private static StageOneModel loadLavis(
      Path file, Scope home, UnaryOperator<StageOneConfig> change, UnaryOperator<Params> arrange)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      StageOneConfig config = change.apply(StageOneConfig.fromLavis(file, checkpoint));
      KeyMap keys = StageOneCheckpoint.lavis(config.vision());
      return build(config, checkpoint, file, keys, home, arrange);
    }
  }

  private static StageOneModel loadHuggingFace(
      Path folder, Scope home, UnaryOperator<StageOneConfig> change, UnaryOperator<Params> arrange)
      throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
    StageOneConfig config = change.apply(StageOneConfig.fromJson(json));
    KeyMap keys = StageOneCheckpoint.huggingFace();
    Path rest = folder.resolve(Conversion.LAVIS_ONLY);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      if (!Files.exists(rest)) {
        return build(config, checkpoint, folder, keys, home, arrange);
      }
      try (Checkpoint both = Checkpoint.open(rest).over(checkpoint)) {
        return build(config, both, folder, keys, home, arrange);
      }
    }
  }

  private static StageOneModel build(
      StageOneConfig config,
      Checkpoint checkpoint,
      Path origin,
      KeyMap keys,
      Scope home,
      UnaryOperator<Params> arrange)
      throws IOException {
    var stored = new CheckpointWeights(origin.toString(), checkpoint, keys);
    Params params =
        arrange.apply(Params.root(ResizedPositions.of(stored, config.vision(), VISION), home));
    var model = new StageOneModel(config, params.has("temperature"), params);
    params.finish();
    return model;
  }

  /** The sizes. */
  public StageOneConfig config() {
    return config;
  }

  /** The tower. */
  public VisionTransformer vision() {
    return vision;
  }

  /** What reads the tower. */
  public Blip2Qformer qformer() {
    return qformer;
  }

  /** All parameters by name. */
  public NavigableMap<String, Parameter> parameters() {
    return parameters;
  }

  /**
   * Lets all linear maps, the tower's too, round what they multiply to {@code precision}, forward
   * and backward; see {@link Parameter#multiplyIn}.
   */
  public void multiplyIn(Precision precision) {
    parameters.values().forEach(parameter -> parameter.multiplyIn(precision));
  }

  /** Trains all but the tower, as the paper does. */
  public void trainQformer() {
    parameters.forEach(
        (name, parameter) -> {
          if (!name.startsWith(VISION + ".")) {
            parameter.train();
          }
        });
  }

  /**
   * What the tower sees; the frozen tower evaluates in training too.
   *
   * @param pixels [B, 3, H, W]
   * @return [B, N, E]
   */
  public Tensor see(Tensor pixels, Pass pass) {
    boolean frozen = parameters.values().stream().noneMatch(this::isTrainedTower);
    return vision.forward(pixels, frozen ? pass.evaluating() : pass);
  }

  private boolean isTrainedTower(Parameter parameter) {
    return parameter.isTrained() && parameter.name().startsWith(VISION + ".");
  }
}
