package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code blip2 train stage2}: the Q-Former learns soft prompts for a frozen language model. */
@Command(
    name = "stage2",
    description = {
      "Trains the second stage: a frozen language model generates captions from the Q-Former's "
          + "output.",
      StageOptions.DESCRIPTION
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class StageTwoCommand implements Callable<Integer>, TrainingRun.Stage {
  private final Console console;

  private final StageDefaults defaults;

  @Mixin private StageTwoOptions options;
  @Mixin private StageOptions stage;

  private StageTwoCommand(Console console, StageDefaults defaults) {
    this.console = console;
    this.defaults = defaults;
    this.options = new StageTwoOptions(defaults);
    this.stage = new StageOptions(defaults);
  }

  /** The second stage of pretraining. */
  public static CommandLine stageTwo(Console console) {
    return new CommandLine(new StageTwoCommand(console, StageDefaults.STAGE_TWO));
  }

  /** {@code blip2 train caption}: fine-tuning on captions. */
  public static CommandLine caption(Console console) {
    return StageOptions.named(
        new StageTwoCommand(console, StageDefaults.CAPTION),
        "caption",
        "Fine-tunes a BLIP-2 on captions, the vision encoder included.");
  }

  /** {@code blip2 train vqa}: fine-tuning on questions. */
  public static CommandLine vqa(Console console) {
    return StageOptions.named(
        new StageTwoCommand(console, StageDefaults.VQA),
        "vqa",
        "Fine-tunes a BLIP-2 on questions and answers, the vision encoder included. The Q-Former "
            + "reads the question too.");
  }

  @Override
  public Integer call() throws IOException {
    return TrainingRun.of(this, stage, console);
  }

  @Override
  public void requireAgreement() {
    options.requireAgreement();
    stage.run.requireBase(options.model);
    stage.validation.requireMetrics(defaults.command(), MetricGroup.CAPTIONS, MetricGroup.ANSWERS);
    if (stage.run.exports.contains(ExportName.LAVIS)) {
      throw new IllegalArgumentException(
          defaults.command()
              + ": --export expected hf, blip2j, lavis-trained or peft, got lavis; no file of LAVIS holds"
              + " a language model");
    }
  }

  @Override
  public List<Path> inputs() throws IOException {
    return options.lora.inputs(
        ModelName.paths(
            options.model, options.stageOne, options.language, options.questions.textSide));
  }

  @Override
  public void train(Scope home, TrainingRun run) throws IOException {
    StageTwoModel model = options.load(home, stage.data, stage.tuning);
    options.requireReader(model);
    if (stage.run.exports.contains(ExportName.HUGGING_FACE)) {
      new StageTwoExport(model).requireHuggingFace();
    }
    if (stage.run.exports.contains(ExportName.LAVIS_TRAINED)) {
      new StageTwoExport(model).requireLavis();
    }
    if (stage.run.exports.contains(ExportName.PEFT)) {
      new StageTwoExport(model).requirePeft();
    }
    try (var tokenizer = model.openTokenizer();
        var instructions = model.openInstructionTokenizer();
        @Nullable Blip2 generator = run.metrics().areChosen() ? model.openGenerator() : null) {
      run.train(
          captions -> {
            StageTwoTraining training = options.training(model, tokenizer, instructions);
            CaptionBatches batches =
                options.batches(stage.data.batches(captions, model.processor()));
            training.requireRoom(batches);
            TrainingRun.Work work =
                new TrainingRun.Work(
                        objective(training),
                        batches,
                        stage.settings(batches).withPrecision(options.factors()),
                        stage.groups(model.parameters().values(), model.blip2().vision()))
                    .withHeldOut(run.heldOut(set -> heldOut(set, model, training)));
            return generator == null
                ? work
                : run.metrics()
                    .texts(
                        work,
                        generator,
                        options.captionPrompt(),
                        options.questionPrompt(),
                        model::beginEvaluation);
          },
          (kind, folder) -> export(model, kind, folder));
    }
  }

  private CaptionBatches heldOut(CaptionSet set, StageTwoModel model, StageTwoTraining training)
      throws IOException {
    CaptionBatches batches = options.batches(stage.data.heldOut(set, model.processor()));
    training.requireRoom(batches);
    return batches;
  }

  private Objective<CaptionBatch> objective(StageTwoTraining training) {
    return options.recompute ? training.withGradientCheckpointing() : training;
  }

  private void export(StageTwoModel model, ExportName kind, Path folder) throws IOException {
    var export = new StageTwoExport(model);
    switch (kind) {
      case HUGGING_FACE -> export.toHuggingFace(folder);
      case LIBRARY -> export.toFolder(folder);
      case LAVIS, LAVIS_TRAINED -> export.toLavis(folder);
      case PEFT -> export.toPeft(folder, options.base());
    }
  }
}
