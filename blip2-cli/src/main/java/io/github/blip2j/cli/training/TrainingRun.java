package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Interruption;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ExportName;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.training.WeightAverage;
import io.github.blip2j.training.run.RunFolder;
import io.github.blip2j.training.validation.Evaluator;
import io.github.blip2j.training.validation.LossEvaluator;
import io.github.blip2j.training.validation.Validation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** A run of either stage: captions, a model, updates until the end or Ctrl-C, then exports. */
final class TrainingRun {
  private final Console console;
  private final StageOptions options;
  private final Data data;
  private final Progress progress;
  private final TrainingReport report;
  private final Readiness readiness;
  private final Ranks ranks;

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

  /** The records of a run, and the folder that tells of it; that of rank 0 alone. */
  private record Data(
      CaptionSet captions, @Nullable CaptionSet heldOut, @Nullable RunFolder folder) {}

  /** Makes batches of records. */
  @FunctionalInterface
  interface Batching {
    CaptionBatches of(CaptionSet records) throws IOException;
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
   * @param evaluators what is measured while it is trained
   */
  record Work(
      Objective<CaptionBatch> objective,
      CaptionBatches batches,
      TrainingSettings settings,
      List<ParameterGroup> groups,
      List<Evaluator> evaluators) {
    Work(
        Objective<CaptionBatch> objective,
        CaptionBatches batches,
        TrainingSettings settings,
        List<ParameterGroup> groups) {
      this(objective, batches, settings, groups, List.of());
    }

    /** With the losses of held-out batches too, if there are any. */
    Work withHeldOut(@Nullable CaptionBatches heldOut) {
      return heldOut == null ? this : with(LossEvaluator.of(objective, heldOut));
    }

    /** With one more measurement, such as a metric of the texts that the model generates. */
    Work with(Evaluator evaluator) {
      List<Evaluator> more = new ArrayList<>(evaluators);
      more.add(evaluator);
      return new Work(objective, batches, settings, groups, more);
    }

    private List<Parameter> parameters() {
      return groups.stream().flatMap(group -> group.parameters().stream()).toList();
    }

    private long steps() {
      long perEpoch = batches.batchesPerEpoch().orElse(0) / settings.accumulate();
      return Math.min(settings.maxSteps(), settings.epochs() * perEpoch);
    }
  }

  private TrainingRun(
      Console console,
      StageOptions options,
      Data data,
      Progress progress,
      TrainingReport report,
      Readiness readiness) {
    this.console = console;
    this.options = options;
    this.data = data;
    this.progress = progress;
    this.report = report;
    this.readiness = readiness;
    this.ranks = readiness.ranks;
  }

  /** Runs a stage, on one rank or several, and returns the exit code. */
  static int of(Stage stage, StageOptions options, Console console) throws IOException {
    try {
      stage.requireAgreement();
      options.requireAgreement();
      options.run.run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    return RankedRun.of(
        console,
        (output, ranks) -> {
          var readiness = new Readiness(ranks);
          try {
            run(stage, options, output, readiness);
          } catch (IOException | RuntimeException | Error e) {
            readiness.refuse(e);
            throw e;
          }
          return ExitCode.OK;
        });
  }

  /** Whether ranks are ready to train: what fails on one before that fails on all. */
  private static final class Readiness {
    final Ranks ranks;
    private boolean agreed;

    Readiness(Ranks ranks) {
      this.ranks = ranks;
    }

    void agree() throws IOException {
      agreed = true;
      ranks.agreeIo(() -> true);
    }

    /** Tells the others, unless they train already. */
    void refuse(Throwable why) throws IOException {
      if (!agreed) {
        agreed = true;
        ranks.agreeIo(
            () -> {
              if (why instanceof IOException e) {
                throw e;
              }
              if (why instanceof Error e) {
                throw e;
              }
              throw (RuntimeException) why;
            });
      }
    }
  }

  private static void run(Stage stage, StageOptions options, Console console, Readiness readiness)
      throws IOException {
    Ranks ranks = readiness.ranks;
    if (ranks.isFirst()) {
      Trainer.requireFree(options.run.out);
      for (ExportName kind : options.run.exports) {
        Conversion.requireReplaceable(options.run.out.resolve(kind.toString()), stage.inputs());
      }
    }
    var report = new TrainingReport(console);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached(options.run.run.backend())) {
      progress.doing("reading captions");
      CaptionSet captions = options.data.captions();
      ValidationOptions held = options.validation;
      @Nullable CaptionSet heldOut =
          held.files.isEmpty() || !ranks.isFirst()
              ? null
              : options.data.heldOut(held.files, held.images);
      try (@Nullable RunFolder folder =
          ranks.isFirst() ? RunFolder.open(options.run.out, options.description()) : null) {
        progress.doing("loading the model");
        var data = new Data(captions, heldOut, folder);
        stage.train(home, new TrainingRun(console, options, data, progress, report, readiness));
      }
    }
  }

  /** The batches of held-out records, or null if there are none. */
  @Nullable CaptionBatches heldOut(Batching batching) throws IOException {
    return data.heldOut == null ? null : batching.of(data.heldOut);
  }

  /** The metrics of held-out records that the options choose. */
  HeldOutMetrics metrics() {
    return new HeldOutMetrics(options, progress::doing);
  }

  /** Trains, and exports unless it was interrupted. */
  void train(Preparation preparation, Export export) throws IOException {
    Work work = prepared(preparation);
    report.loaded(data.captions);
    @Nullable Double decay = options.validation.decay;
    try (var optimizer = new AdamW(work.groups, options.optimizing.rule());
        @Nullable WeightAverage average =
            decay == null ? null : WeightAverage.of(optimizer, decay)) {
      options.ranks.share(optimizer, ranks);
      var plain =
          new Trainer<>(work.objective, work.batches.among(ranks), optimizer, work.settings)
              .among(ranks, options.ranks.exchange());
      Trainer<CaptionBatch> trainer = average == null ? plain : plain.withAverage(average);
      try (var interruption = Interruption.calling(trainer::stop)) {
        var listener = new TrainingProgress(console, progress, work.steps());
        @Nullable Validation validation =
            ranks.isFirst()
                ? options.validation.validation(evaluators(work), average, listener::validated)
                : null;
        readiness.agree();
        TrainingPosition end = train(trainer, listener, validation);
        report.trained(end, listener, interruption.happened());
        report.validated(validation);
        if (!ranks.isFirst()) {
          return;
        }
        if (!interruption.happened() && !options.run.exports.isEmpty()) {
          var weights = new FinalWeights(options.run.out, work.parameters(), average);
          try (var chosen = weights.choose(options.validation.best != null, console)) {
            export(export);
          }
        }
        report.print(options.run.out, work.batches, options.run.run.json);
      }
    }
  }

  private TrainingPosition train(
      Trainer<CaptionBatch> trainer, TrainingProgress listener, @Nullable Validation validation)
      throws IOException {
    TrainingListener listeners = listener;
    @Nullable RunFolder folder = data.folder;
    if (folder != null) {
      listeners = listener.and(folder);
    }
    if (validation != null) {
      listeners = validation.and(listeners);
    }
    if (options.run.resume && folder != null) {
      listener.resuming(folder.changes());
    }
    progress.doing("training");
    TrainingPosition end =
        options.run.resume ? trainer.resume(listeners) : trainer.start(listeners);
    progress.clear();
    return end;
  }

  /** What is measured, with a word about it before, because it may take long. */
  private List<Evaluator> evaluators(Work work) {
    if (work.evaluators.isEmpty()) {
      return List.of();
    }
    List<Evaluator> all = new ArrayList<>();
    all.add(
        at -> {
          progress.doing(String.format(Locale.ROOT, "validating after step %d", at.step()));
          return Map.of();
        });
    all.addAll(work.evaluators);
    return all;
  }

  private Work prepared(Preparation preparation) throws IOException {
    try {
      return preparation.prepare(data.captions);
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
