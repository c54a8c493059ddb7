package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.loading.Prefetch;
import io.github.blip2j.data.shard.ShardNames;
import io.github.blip2j.data.shard.ShardSet;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.source.DataArgument;
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
      paramLabel = "F",
      description =
          "Files of records, JSON, CSV or TSV, with {\"image\": path, \"caption\": text or texts, "
              + "\"image_id\": id}; in stage2 also with \"text_input\" and \"text_output\", in "
              + "vqa with \"question\" and \"answer\" (one, or a list). "
              + "Or shards: 'shards/{000..123}.tar'. F,F concatenates, F:2,F:1 mixes by weights; "
              + "QUESTIONS+ANNOTATIONS joins, F@train takes a split.")
  List<String> data = new ArrayList<>();

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The folder that paths of images are relative to; not for shards.")
  @Nullable Path images;

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
      names = "--shuffle-buffer",
      paramLabel = "N",
      description =
          "From how many samples of shards the next one is drawn; default: ${DEFAULT-VALUE}.")
  int buffer = ShardSet.DEFAULT_BUFFER;

  @Option(
      names = "--data-threads",
      paramLabel = "N",
      description =
          "Threads that read and augment images ahead, to the same bits; 0 for none. By default one "
              + "for every four processors.")
  int threads = Prefetch.defaultThreads();

  @Option(
      names = "--prefetch",
      paramLabel = "N",
      description = "Batches that are read ahead at most; default: ${DEFAULT-VALUE}.")
  int prefetch = 2;

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
    if (buffer < 1) {
      throw new IllegalArgumentException(
          "--shuffle-buffer: samples expected at least 1, got " + buffer);
    }
    if (threads < 0 || threads > Prefetch.MOST_THREADS) {
      throw new IllegalArgumentException(
          "--data-threads expected 0 to " + Prefetch.MOST_THREADS + ", got " + threads);
    }
    if (threads > 0 && prefetch < 1) {
      throw new IllegalArgumentException(
          "--prefetch: batches expected at least 1, got " + prefetch);
    }
    for (DataArgument each : DataArgument.parseAll(names())) {
      if (each.isShards()) {
        ShardNames.expand(each.name());
      } else if (images == null) {
        throw new IllegalArgumentException(
            "--images: folder expected for the images of " + each.name() + ", got none");
      }
    }
  }

  /** All files of the data, shards among them. */
  List<Path> files() {
    return files(data);
  }

  /** All files that such names mean. */
  static List<Path> files(List<String> names) {
    List<Path> files = new ArrayList<>();
    for (DataArgument each : DataArgument.parseAll(String.join(",", names))) {
      if (each.isShards()) {
        ShardNames.expand(each.name()).forEach(shard -> files.add(Path.of(shard)));
      } else {
        files.addAll(DataFile.parse(each.name()).paths());
      }
    }
    return files;
  }

  private String names() {
    return String.join(",", data);
  }

  CaptionSet captions() throws IOException {
    var faulty = skipFaulty ? CaptionSet.Faulty.SKIP : CaptionSet.Faulty.REFUSE;
    try {
      return CaptionSet.parse(names(), folder(), faulty, buffer);
    } catch (IllegalArgumentException e) { // weights
      throw new UsageException(e);
    }
  }

  /** The folder of the images. */
  Path folder() {
    return images == null ? Path.of("") : images;
  }

  /** Held-out records, of which none is left out. */
  CaptionSet heldOut(List<String> names, @Nullable Path folder) throws IOException {
    Path where = folder == null ? folder() : folder;
    try {
      return CaptionSet.parse(String.join(",", names), where, CaptionSet.Faulty.REFUSE, buffer);
    } catch (IllegalArgumentException e) { // weights
      throw new UsageException(e);
    }
  }

  /** Whole images, in batches of the training's size if there are enough. */
  CaptionBatches heldOut(CaptionSet set, ImageProcessor processor) {
    return CaptionBatches.of(set, processor, Math.min(batchSize, set.size()), seed);
  }

  CaptionBatches batches(CaptionSet set, ImageProcessor processor) {
    CaptionBatches batches = CaptionBatches.of(set, processor, batchSize, seed);
    CaptionBatches ahead = batches.withPrefetch(threads, prefetch);
    return augment ? ahead.with(Augmentation.blip2()) : ahead;
  }
}
