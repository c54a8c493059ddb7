package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneExport;
import io.github.blip2j.pretraining.StageOneModel;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.pretraining.features.PatchFile;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code blip2 train stage1}: the Q-Former learns contrast, matching and generation (ITC, ITM,
 * ITG).
 */
@Command(
    name = "stage1",
    description = {
      "Trains the first stage: contrastive, matching and generation losses (ITC, ITM, ITG) over "
          + "a frozen vision encoder.",
      StageOptions.DESCRIPTION
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class StageOneCommand implements Callable<Integer>, TrainingRun.Stage {
  private final Console console;

  private final StageDefaults defaults;

  @Mixin private StageOneOptions options;
  @Mixin private StageOptions stage;

  private StageOneCommand(Console console, StageDefaults defaults) {
    this.console = console;
    this.defaults = defaults;
    this.options = new StageOneOptions(defaults);
    this.stage = new StageOptions(defaults);
  }

  /** The first stage of pretraining. */
  public static CommandLine stageOne(Console console) {
    return new CommandLine(new StageOneCommand(console, StageDefaults.STAGE_ONE));
  }

  /** {@code blip2 train retrieval}: fine-tuning of a first stage for retrieval. */
  public static CommandLine retrieval(Console console) {
    return StageOptions.named(
        new StageOneCommand(console, StageDefaults.RETRIEVAL),
        "retrieval",
        "Fine-tunes a first stage for retrieval, the vision encoder included, by contrast and "
            + "matching (ITC, ITM).");
  }

  @Override
  public Integer call() throws IOException {
    return TrainingRun.of(this, stage, console);
  }

  @Override
  public void requireAgreement() {
    options.requireAgreement();
    stage.run.requireBase(options.model);
    stage.validation.requireMetrics(defaults.command(), MetricGroup.RETRIEVAL);
  }

  @Override
  public List<Path> inputs() throws IOException {
    return options.lora.inputs(ModelName.paths(options.model, options.vision, options.bert));
  }

  @Override
  public void train(Scope home, TrainingRun run) throws IOException {
    StageOneModel loaded = options.load(home, stage.data, stage.tuning);
    Blip2RetrievalModel model = loaded.retrieval();
    requireExports(new StageOneExport(loaded, options.tokenizerFolder()));
    int words = model.config().qformer().bert().vocabSize();
    try (@Nullable PatchFile patches = options.openFeatures(model);
        var tokenizer = HuggingFaceTokenizer.open(options.tokenizerFolder()).within(words);
        @Nullable ImageTextMatcher matcher = matcher(run, model, words)) {
      run.train(
          captions -> {
            ImageProcessor processor = options.processor(model.config());
            CaptionBatches read = stage.data.batches(captions, processor);
            CaptionBatches batches = patches == null ? read : stored(read, patches, loaded);
            batches.requireWords();
            TrainingRun.Work work =
                new TrainingRun.Work(
                        options.objective(StageOneTraining.of(loaded, tokenizer)),
                        batches,
                        stage.settings(batches).withPrecision(options.dtype),
                        stage.groups(model.parameters().values(), model.vision()))
                    .withHeldOut(run.heldOut(set -> heldOut(set, processor)));
            return matcher == null ? work : run.metrics().retrieval(work, matcher);
          },
          (kind, folder) -> export(loaded, kind, folder));
    }
  }

  /** The model as it is, to search with; null if no metric is chosen. */
  private @Nullable ImageTextMatcher matcher(TrainingRun run, Blip2RetrievalModel model, int words)
      throws IOException {
    return run.metrics().areChosen()
        ? ImageTextMatcher.over(
            model,
            HuggingFaceTokenizer.open(options.tokenizerFolder()).within(words),
            options.processor(model.config()))
        : null;
  }

  private CaptionBatches heldOut(CaptionSet set, ImageProcessor processor) throws IOException {
    CaptionBatches batches = stage.data.heldOut(set, processor);
    batches.requireWords();
    return batches;
  }

  private CaptionBatches stored(CaptionBatches read, PatchFile patches, StageOneModel model)
      throws IOException {
    boolean trained = model.trainsVision();
    if (trained || stage.data.augment) {
      throw new IllegalArgumentException(
          "--features expected with a frozen vision encoder and without --augment, got "
              + (trained ? "a trained one" : "--augment; write crops with embed --views"));
    }
    return read.with(patches);
  }

  /** Refuses formats without a place for the vision encoder, before the training. */
  private void requireExports(StageOneExport export) throws IOException {
    if (stage.run.exports.contains(ExportName.HUGGING_FACE)) {
      export.requireHuggingFace();
    }
    if (stage.run.exports.contains(ExportName.LAVIS)) {
      export.requireLavis(StageOneExport.Contents.ALL);
    }
    if (stage.run.exports.contains(ExportName.PEFT)) {
      export.requirePeft();
    }
  }

  private void export(StageOneModel model, ExportName kind, Path folder) throws IOException {
    var export = new StageOneExport(model, options.tokenizerFolder());
    switch (kind) {
      case LAVIS -> export.toLavis(folder, StageOneExport.Contents.ALL);
      case LAVIS_TRAINED -> export.toLavis(folder, StageOneExport.Contents.TRAINED);
      case HUGGING_FACE -> export.toHuggingFace(folder);
      case LIBRARY -> export.toFolder(folder, options.processor(model.retrieval().config()));
      case PEFT -> export.toPeft(folder, options.base());
    }
  }
}
