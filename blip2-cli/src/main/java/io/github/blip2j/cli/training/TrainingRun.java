package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Interruption;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.ExitCode;

/** A run of either stage: captions, a model, updates until the end or Ctrl-C, then exports. */
final class TrainingRun {
  private final Console console;
  private final StageOptions options;
  private final CaptionSet captions;
  private final Progress progress;
  private final TrainingReport report;

  /** The parts of a run that differ from stage to stage. */
  interface Stage {
    /** Checks combinations of options, before anything is read. */
    void requireAgreement();

    /** The files and folders that models are read from. */
    List<Path> inputs() throws IOException;

    /**
     * Loads a model and gives it to {@link TrainingRun#train}.
     *
     * @param home the scope of the parameters
     */
    void train(Scope home, TrainingRun run) throws IOException;
  }

  /** Builds the work of a run; its {@code IllegalArgumentException}s are wrong usage. */
  @FunctionalInterface
  interface Preparation {
    Work prepare(CaptionSet captions) throws IOException;
  }

  /** Writes a model that has been trained. */
  @FunctionalInterface
  interface Export {
    void write(ExportName kind, Path folder) throws IOException;
  }

  /**
   * The objective, data and settings of a run.
   *
   * @param groups the trained parameters
   */
  record Work(
      Objective<CaptionBatch> objective,
      CaptionBatches batches,
      TrainingSettings settings,
      List<ParameterGroup> groups) {
    private long steps() {
      long perEpoch = batches.batchesPerEpoch().orElse(0) / settings.accumulate();
      return Math.min(settings.maxSteps(), settings.epochs() * perEpoch);
    }
  }

  private TrainingRun(
      Console console,
      StageOptions options,
      CaptionSet captions,
      Progress progress,
      TrainingReport report) {
    this.console = console;
    this.options = options;
    this.captions = captions;
    this.progress = progress;
    this.report = report;
  }

  /** Runs a stage and returns the exit code. */
  static int of(Stage stage, StageOptions options, Console console) throws IOException {
    try {
      stage.requireAgreement();
      options.requireAgreement();
      options.run.run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    Trainer.requireFree(options.run.out);
    for (ExportName kind : options.run.exports) {
      Conversion.requireReplaceable(options.run.out.resolve(kind.toString()), stage.inputs());
    }
    var report = new TrainingReport(console);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached(options.run.run.backend())) {
      progress.doing("reading captions");
      CaptionSet captions = options.data.captions();
      progress.doing("loading the model");
      stage.train(home, new TrainingRun(console, options, captions, progress, report));
    }
    return ExitCode.OK;
  }

  /** Trains, and exports unless it was interrupted. */
  void train(Preparation preparation, Export export) throws IOException {
    Work work = prepared(preparation);
    report.loaded(captions);
    OptimizerOptions optimizing = options.optimizing;
    try (var optimizer = new AdamW(work.groups, optimizing.rule())) {
      var trainer = new Trainer<>(work.objective, work.batches, optimizer, work.settings);
      try (var interruption = Interruption.calling(trainer::stop)) {
        var listener = new TrainingProgress(console, progress, work.steps());
        progress.doing("training");
        TrainingPosition end =
            options.run.resume ? trainer.resume(listener) : trainer.start(listener);
        progress.clear();
        report.trained(end, listener, interruption.happened());
        if (!interruption.happened()) {
          export(export);
        }
        report.print(options.run.out, work.batches, options.run.run.json);
      }
    }
  }

  private Work prepared(Preparation preparation) throws IOException {
    try {
      return preparation.prepare(captions);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void export(Export export) throws IOException {
    for (ExportName kind : options.run.exports) {
      progress.doing("writing " + kind);
      Path folder = options.run.out.resolve(kind.toString());
      export.write(kind, folder);
      report.exported(folder);
    }
    progress.clear();
  }
}
