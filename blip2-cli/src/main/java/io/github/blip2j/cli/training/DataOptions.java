package io.github.blip2j.cli.training;

import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The training data of a stage. */
final class DataOptions {
  @Option(
      names = {"--data", "--captions"},
      required = true,
      split = ",",
      paramLabel = "F",
      description =
          "JSON lists or lines of {\"image\": path, \"caption\": text or texts, "
              + "\"image_id\": id}; in stage2 also with \"text_input\" and \"text_output\", in vqa "
              + "with \"question\" and \"answer\" (one, or a list). "
              + "Several are concatenated.")
  List<Path> data = new ArrayList<>();

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "The folder that paths of images are relative to.")
  Path images = Path.of("");

  @Option(
      names = "--skip-faulty",
      description = "Train without images that are missing or damaged, instead of stopping.")
  boolean skipFaulty;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Pairs in a batch; default: ${DEFAULT-VALUE}.")
  int batchSize;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description =
          "Height and width of images in pixels; by default the model's, 364 for train caption and "
              + "retrieval, 490 for train vqa.")
  @Nullable Integer imageSize;

  @Option(
      names = "--augment",
      description =
          "Crop half to all of each image and mirror every other one at random, as LAVIS's "
              + "blip2_image_train.")
  boolean augment;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Seed of order, augmentation, dropout and negatives; default: ${DEFAULT-VALUE}.")
  long seed = 42;

  /** With a command's batch size, that of LAVIS on each GPU, and size of images. */
  DataOptions(StageDefaults defaults) {
    this.batchSize = defaults.batchSize();
    this.imageSize = defaults.imageSize();
  }

  /** Checks combinations of options. */
  void requireAgreement() {
    if (imageSize != null && imageSize < 1) {
      throw new IllegalArgumentException(
          "--image-size: side expected at least 1, got " + imageSize);
    }
  }

  CaptionSet captions() throws IOException {
    var faulty = skipFaulty ? CaptionSet.Faulty.SKIP : CaptionSet.Faulty.REFUSE;
    return CaptionSet.open(data, images, faulty);
  }

  /** Held-out records, of which none is left out. */
  CaptionSet heldOut(List<Path> files, @Nullable Path folder) throws IOException {
    return CaptionSet.open(files, folder == null ? images : folder, CaptionSet.Faulty.REFUSE);
  }

  /** Whole images, in batches of the training's size if there are enough. */
  CaptionBatches heldOut(CaptionSet set, ImageProcessor processor) {
    return CaptionBatches.of(set, processor, Math.min(batchSize, set.size()), seed);
  }

  CaptionBatches batches(CaptionSet set, ImageProcessor processor) {
    CaptionBatches batches = CaptionBatches.of(set, processor, batchSize, seed);
    return augment ? batches.with(Augmentation.blip2()) : batches;
  }
}
