package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.pretraining.StageOneParts;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--queries",
      paramLabel = "N",
      description =
          "Learned queries of a Q-Former that starts from --bert; 32 by default, as in the paper.")
  @Nullable Integer queries;

  /** Checks combinations of options. */
  void requireAgreement() {
    if (dtype == Precision.INT8) {
      throw new IllegalArgumentException(
          "train stage1: --dtype expected float32 or bfloat16, got int8; int8 is for frozen "
              + "weights only");
    }
    if (queries != null && (queries < 1 || model != null)) {
      throw new IllegalArgumentException(
          queries < 1
              ? "--queries expected at least 1, got " + queries
              : "--queries expected with --vision and --bert only; a --model has its own");
    }
    StartingModel.require("train stage1: --model, or --vision and --bert", model, vision, bert);
  }

  /** The folder of the tokenizer for captions. */
  Path tokenizerFolder() throws IOException {
    Path from = StartingModel.checked(model != null ? model : bert).path();
    return Files.isDirectory(from) ? from : from.resolveSibling("");
  }

  Blip2RetrievalModel load(Scope home, DataOptions data) throws IOException {
    UnaryOperator<Blip2RetrievalConfig> resized = config -> resized(config, data.imageSize);
    if (model != null) {
      return RetrievalLoader.load(model.path(), home, resized);
    }
    UnaryOperator<Blip2RetrievalConfig> sized = config -> queried(resized.apply(config), queries);
    return parts().withSizes(sized).load(home, new SplittableRandom(data.seed));
  }

  private StageOneParts parts() throws IOException {
    return StageOneParts.of(
        StartingModel.checked(vision).path(), StartingModel.checked(bert).path());
  }

  private static Blip2RetrievalConfig resized(Blip2RetrievalConfig config, @Nullable Integer side) {
    return side == null ? config : config.withVision(config.vision().withImageSize(side));
  }

  private static Blip2RetrievalConfig queried(
      Blip2RetrievalConfig config, @Nullable Integer count) {
    return count == null
        ? config
        : new Blip2RetrievalConfig(config.vision(), config.qformer().withQueryTokens(count));
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
