package io.github.blip2j.cli;

import io.github.blip2j.blip2.StageTwoExport;
import io.github.blip2j.blip2.StageTwoModel;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 train stage2}: the Q-Former learns to speak to a frozen language model. */
@Command(
    name = "stage2",
    description = {
      "Trains the second stage: a frozen language model continues what the Q-Former sees.",
      "Defaults are those LAVIS pretrains with. Writes log.jsonl and checkpoints to --out;",
      "Ctrl-C ends with a checkpoint, and --resume goes on from the last one to the same bits."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
final class StageTwoCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private StageTwoOptions options = new StageTwoOptions();
  @Mixin private DataOptions data = new DataOptions(64);
  @Mixin private TrainingRunOptions run = new TrainingRunOptions();
  @Mixin private OptimizerOptions optimizing = new OptimizerOptions(2000);

  @Option(
      names = "--export",
      split = ",",
      paramLabel = "KIND",
      converter = ExportName.Converter.class,
      description = {
        "At the end write the model to a folder of this name in --out: hf, or lavis-trained (a",
        ".pth of what was trained, as LAVIS saves)."
      })
  private Set<ExportName> exports = new LinkedHashSet<>();

  StageTwoCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    requireAgreement();
    var report = new TrainingReport(console);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached()) {
      progress.doing("reading captions");
      CaptionSet set = data.captions();
      progress.doing("loading the model");
      StageTwoModel model = options.load(home, data);
      if (exports.contains(ExportName.HUGGING_FACE)) {
        new StageTwoExport(model).requireHuggingFace();
      }
      try (var tokenizer = model.openTokenizer()) {
        StageTwoTraining training = training(model, tokenizer);
        report.loaded(set);
        run()
            .train(
                work(model, training, set),
                progress,
                report,
                () -> export(model, progress, report));
      }
    }
    return ExitCode.OK;
  }

  private StageTwoTraining training(StageTwoModel model, Tokenizer tokenizer) throws IOException {
    try {
      return options.training(model, tokenizer);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private TrainingRun run() {
    return new TrainingRun(console, run, optimizing, data.seed);
  }

  private void requireAgreement() {
    try {
      options.requireAgreement();
      data.requireAgreement();
      run().requireAgreement();
      if (exports.contains(ExportName.LAVIS)) {
        throw new IllegalArgumentException(
            "train stage2: --export expected hf or lavis-trained, got lavis; no file of LAVIS holds"
                + " a language model");
      }
      run.run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private TrainingRun.Work work(StageTwoModel model, StageTwoTraining training, CaptionSet set)
      throws IOException {
    Objective<CaptionBatch> objective =
        options.recompute ? (batch, pass) -> training.losses(batch, pass.recomputing()) : training;
    try {
      CaptionBatches batches = data.batches(set, model.processor()).withDialogues();
      training.requireRoom(batches);
      return new TrainingRun.Work(
          objective, batches, run().settings(batches), model.parameters().values());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void export(StageTwoModel model, Progress progress, TrainingReport report)
      throws IOException {
    var export = new StageTwoExport(model);
    for (ExportName kind : exports) {
      progress.doing("writing " + kind);
      Path folder = run.out.resolve(kind.toString());
      if (kind == ExportName.HUGGING_FACE) {
        export.toHuggingFace(folder);
      } else {
        export.toLavis(folder);
      }
      report.exported(folder);
    }
  }
}
