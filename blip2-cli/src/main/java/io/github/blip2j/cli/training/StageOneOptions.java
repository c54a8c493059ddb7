package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.StageOneModel;
import io.github.blip2j.pretraining.StageOneParts;
import io.github.blip2j.pretraining.StageOneSetup;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.pretraining.features.PatchFile;
import io.github.blip2j.pretraining.features.Tower;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.training.Objective;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The models that the first stage starts from. */
final class StageOneOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A first-stage model to start from: LAVIS's folder or .pth, Hugging Face's folder, a "
              + "folder of --export blip2j, or the id of a downloaded one.")
  @Nullable ModelName model;

  @Option(
      names = "--vision",
      paramLabel = "PATH",
      description =
          "Instead of --model, with --bert: the vision encoder, from a folder of its own or of a "
              + "model with it (SigLIP, BLIP-2), a BLIP-2 .pth, or a file of its own such as "
              + "eva_vit_g.pth.")
  @Nullable ModelName vision;

  @Option(
      names = "--bert",
      paramLabel = "DIR",
      description = "Folder of bert-base-uncased, which becomes the Q-Former.")
  @Nullable ModelName bert;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "The type that inputs of matrix products are rounded to: float32, or bfloat16, which is "
              + "faster on CPUs with bfloat16 instructions. Trained parameters are stored in "
              + "float32. Default: ${DEFAULT-VALUE}.")
  Precision dtype = Precision.FLOAT32;

  /** The option whose file holds the data that is read in place of images. */
  static final String FEATURES = "--features";

  @Option(
      names = FEATURES,
      paramLabel = "FILE",
      description =
          "What the frozen vision encoder sees of the images, written by embed --kind patches "
              + "--data, in place of the images.")
  @Nullable Path features;

  @Option(
      names = "--train-vision",
      negatable = true,
      fallbackValue = "true",
      description = "Train the vision encoder too; the default of train retrieval.")
  boolean trainVision;

  @Option(
      names = "--recompute",
      negatable = true,
      fallbackValue = "true",
      description =
          "Gradient checkpointing: recompute layers in the backward pass instead of keeping their "
              + "activations in memory; the default of train retrieval.")
  boolean recompute;

  @Mixin LoraOptions lora = new LoraOptions();
  @Mixin StageOneSizes sizes = new StageOneSizes();
  @Mixin StageOneLosses losses;

  private final StageDefaults defaults;

  /** With a command's parts to train. */
  StageOneOptions(StageDefaults defaults) {
    this.defaults = defaults;
    this.trainVision = defaults.trainsVision();
    this.recompute = defaults.trainsVision();
    this.losses = new StageOneLosses(defaults);
  }

  /** Opens {@code --features} for a loaded model; null without them. */
  @Nullable PatchFile openFeatures(Blip2RetrievalModel loaded) throws IOException {
    if (features == null) {
      return null;
    }
    PatchFile file = PatchFile.open(features);
    boolean fits = false;
    try {
      file.require(new Tower(loaded.vision(), processor(loaded.config())));
      fits = true;
      return file;
    } finally {
      if (!fits) {
        file.close();
      }
    }
  }

  /** Checks combinations of options. */
  void requireAgreement() {
    if (dtype == Precision.INT8) {
      throw new IllegalArgumentException(
          defaults.command()
              + ": --dtype expected float32 or bfloat16, got int8; int8 is for frozen "
              + "weights only");
    }
    StartingModel.require(
        defaults.command() + ": --model, or --vision and --bert", model, vision, bert);
    sizes.requireAgreement(defaults.command(), model != null);
    losses.requireAgreement();
    lora.requireAgreement(defaults.command());
  }

  /** The folder of the tokenizer for captions. */
  Path tokenizerFolder() throws IOException {
    Path from = StartingModel.checked(model != null ? model : bert).path();
    return Files.isDirectory(from) ? from : from.resolveSibling("");
  }

  StageOneModel load(Scope home, DataOptions data, TuningOptions tuned) throws IOException {
    UnaryOperator<Blip2RetrievalConfig> resized =
        config -> sizes.in(resized(config, data.imageSize));
    StageOneSetup setup =
        StageOneSetup.lavis()
            .withTrainedVision(trainVision)
            .withComputePrecision(dtype)
            .with(lora.in(tuned.tuning(), data.seed));
    try {
      if (model != null) {
        return StageOneModel.load(model.path(), home, resized, setup);
      }
      StageOneParts parts = parts().withSizes(resized);
      return StageOneModel.load(
          sizes.fromScratch ? parts.withQformerFromScratch() : parts,
          home,
          new SplittableRandom(data.seed),
          setup);
    } catch (IllegalArgumentException e) { // sizes that contradict each other, or a pattern
      throw new UsageException(e);
    }
  }

  /** The name of the model for an adapter of it. */
  String base() {
    return model == null ? "" : model.given();
  }

  /** The objective with the chosen losses. */
  Objective<CaptionBatch> objective(StageOneTraining training) {
    StageOneTraining weighted = losses.in(training);
    return recompute ? weighted.withGradientCheckpointing() : weighted;
  }

  private StageOneParts parts() throws IOException {
    return StageOneParts.of(
        StartingModel.checked(vision).path(), StartingModel.checked(bert).path());
  }

  private static Blip2RetrievalConfig resized(Blip2RetrievalConfig config, @Nullable Integer side) {
    return side == null ? config : config.withVision(config.vision().withImageSize(side));
  }

  ImageProcessor processor(Blip2RetrievalConfig config) throws IOException {
    int side = config.vision().imageSize();
    Path folder = tokenizerFolder();
    if (ImageProcessor.isToldIn(folder)) {
      return ImageProcessor.load(folder).withSize(side, side);
    }
    return model == null
        ? parts().processor(config)
        : new ImageProcessor(config.vision().processor());
  }
}
