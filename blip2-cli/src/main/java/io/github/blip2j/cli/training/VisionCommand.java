package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.parts.SentenceVectors;
import io.github.blip2j.pretraining.parts.VisionPart;
import io.github.blip2j.pretraining.parts.VisionTraining;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blip2 train vision}: a vision encoder learns from captions, before the first stage. */
@Command(
    name = "vision",
    description = {
      "Trains a vision encoder by contrast of images with the sentence vectors of their captions, "
          + "which a frozen BERT computes.",
      "Writes run.json, log.jsonl, curves.html, TensorBoard's events and checkpoints to --out, and "
          + "at the end the folder vision there, which train stage1 --vision reads. Ctrl-C ends with "
          + "a checkpoint; --resume continues from it."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class VisionCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec command = CommandSpec.create();

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "The vision encoder to start from, such as one of blip2 create vision.")
  private @Nullable ModelName model;

  @Option(
      names = "--sentences",
      required = true,
      paramLabel = "DIR",
      description = "The frozen BERT whose mean hidden state is a caption's vector, as MiniLM.")
  private @Nullable ModelName sentences;

  @Option(
      names = "--space",
      paramLabel = "N",
      description =
          "Width of the space in which images and captions are compared; default: ${DEFAULT-VALUE}.")
  private int space = 256;

  @Mixin private DataOptions data = new DataOptions(StageDefaults.VISION);
  @Mixin private TrainingRunOptions run = new TrainingRunOptions();
  @Mixin private OptimizerOptions optimizing = new OptimizerOptions(StageDefaults.VISION);

  public VisionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try {
      data.requireAgreement();
      if (space < 1 || data.imageSize != null) {
        throw new IllegalArgumentException(
            space < 1
                ? "--space: width expected at least 1, got " + space
                : "--image-size: expected in the config of the vision encoder, got it as an option");
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    PartTraining.prepare(run, optimizing);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached(run.run.backend())) {
      progress.doing("reading captions");
      CaptionSet captions = data.captions();
      progress.doing("loading the models");
      try (var vectors = SentenceVectors.load(StartingModel.checked(sentences).path(), home)) {
        train(captions, vectors, home, progress);
      }
    }
    return ExitCode.OK;
  }

  private void train(CaptionSet captions, SentenceVectors vectors, Scope home, Progress progress)
      throws IOException {
    VisionPart part =
        VisionPart.load(
            StartingModel.checked(model).path(),
            vectors.width(),
            space,
            home,
            new SplittableRandom(data.seed));
    CaptionBatches batches;
    try {
      batches = data.batches(captions, part.processor());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    batches.requireWords();
    new PartTraining(
            console,
            progress,
            run,
            optimizing,
            CommandDescription.of(command, data.files()),
            "vision")
        .train(
            new VisionTraining(part, vectors),
            batches,
            data.seed,
            part.parameters().values(),
            part::export);
  }
}
