package io.github.blip2j.cli;

import io.github.blip2j.blip2.StageOneConfig;
import io.github.blip2j.blip2.StageOneModel;
import io.github.blip2j.blip2.StageOneParts;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.Augmentation;
import io.github.blip2j.vision.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the first stage is trained from and on. */
final class StageOneOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = {
        "A first stage to go on from: LAVIS's folder or .pth, Hugging Face's folder, or the id",
        "of a downloaded one."
      })
  @Nullable ModelName model;

  @Option(
      names = "--vision",
      paramLabel = "PATH",
      description = {
        "Instead of --model, with --bert: where the vision tower is, a BLIP-2 folder or .pth",
        "or a tower's own file such as eva_vit_g.pth."
      })
  @Nullable ModelName vision;

  @Option(
      names = "--bert",
      paramLabel = "DIR",
      description = "Folder of bert-base-uncased, which becomes the Q-Former.")
  @Nullable ModelName bert;

  @Option(
      names = "--data",
      required = true,
      split = ",",
      paramLabel = "F",
      description = {
        "JSON lists or lines of {\"image\": path, \"caption\": text or texts, \"image_id\": id};",
        "several are put one behind the other."
      })
  List<Path> data = new ArrayList<>();

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "The folder that paths of pictures start from.")
  Path images = Path.of("");

  @Option(
      names = "--skip-faulty",
      description = "Train without pictures that are missing or damaged, instead of stopping.")
  boolean skipFaulty;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Pairs that are compared with each other; default: ${DEFAULT-VALUE}.")
  int batchSize = 100;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description = "Side of pictures in pixels; the model's by default.")
  @Nullable Integer imageSize;

  @Option(
      names = "--augment",
      description = "Cut out half to all of each picture, mirror half: LAVIS's blip2_image_train.")
  boolean augment;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of order, augmentation, dropout and negatives; default: ${DEFAULT-VALUE}.")
  long seed = 42;

  /** Checks what no single option can. */
  void requireAgreement() {
    boolean parts = vision != null && bert != null;
    boolean either = vision != null || bert != null;
    if (model == null ? !parts : either) {
      throw new IllegalArgumentException(
          "train stage1: --model, or --vision and --bert expected, got %s"
              .formatted(model == null ? either ? "one of the two" : "neither" : "both"));
    }
    if (imageSize != null && imageSize < 1) {
      throw new IllegalArgumentException(
          "--image-size: side expected at least 1, got " + imageSize);
    }
  }

  /** The folder whose tokenizer reads captions. */
  Path tokenizerFolder() throws IOException {
    ModelName named = model != null ? model : bert;
    if (named == null) {
      throw new AssertionError("options without a model are refused");
    }
    Path from = named.path();
    return Files.isDirectory(from) ? from : from.resolveSibling("");
  }

  StageOneModel load(Scope home) throws IOException {
    if (model != null) {
      return StageOneModel.load(model.path(), home, this::resized);
    }
    if (vision == null || bert == null) {
      throw new AssertionError("options without a model are refused");
    }
    return StageOneParts.load(
        vision.path(), bert.path(), home, this::resized, new SplittableRandom(seed));
  }

  private StageOneConfig resized(StageOneConfig config) {
    return imageSize == null ? config : config.withVision(config.vision().withImageSize(imageSize));
  }

  CaptionSet captions() throws IOException {
    var faulty = skipFaulty ? CaptionSet.Faulty.SKIP : CaptionSet.Faulty.REFUSE;
    return CaptionSet.open(data, images, faulty);
  }

  CaptionBatches batches(CaptionSet set, StageOneConfig config) throws IOException {
    int side = config.vision().imageSize();
    boolean told = Files.exists(tokenizerFolder().resolve("preprocessor_config.json"));
    ImageProcessor processor =
        told
            ? ImageProcessor.load(tokenizerFolder()).withSize(side, side)
            : ImageProcessor.blip2(side);
    CaptionBatches batches = CaptionBatches.of(set, processor, batchSize, seed);
    return augment ? batches.with(Augmentation.blip2()) : batches;
  }
}
