package io.github.blip2j.cli;

import io.github.blip2j.blip2.StageOneExport;
import io.github.blip2j.blip2.StageOneModel;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.DjlTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 train stage1}: the Q-Former learns to compare, to match and to write. */
@Command(
    name = "stage1",
    description = {
      "Trains the first stage: contrast, matching and generation over a frozen vision tower.",
      "Defaults are those LAVIS pretrains with. Writes log.jsonl and checkpoints to --out;",
      "Ctrl-C ends with a checkpoint, and --resume goes on from the last one to the same bits."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
final class StageOneCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private StageOneOptions options = new StageOneOptions();
  @Mixin private DataOptions data = new DataOptions(100);
  @Mixin private TrainingRunOptions run = new TrainingRunOptions();
  @Mixin private OptimizerOptions optimizing = new OptimizerOptions(5000);

  @Option(
      names = "--export",
      split = ",",
      paramLabel = "KIND",
      converter = ExportName.Converter.class,
      description = {
        "At the end write the model to a folder of this name in --out: lavis (a .pth), hf, or",
        "lavis-trained (a .pth without the tower, as LAVIS saves)."
      })
  private Set<ExportName> exports = new LinkedHashSet<>();

  StageOneCommand(Console console) {
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
      StageOneModel model = options.load(home, data);
      if (exports.contains(ExportName.HUGGING_FACE)) {
        new StageOneExport(model, options.tokenizerFolder()).requireHuggingFace();
      }
      try (var tokenizer = DjlTokenizer.open(options.tokenizerFolder())) {
        tokenizer.requireFits(model.config().qformer().bert().vocabSize());
        report.loaded(set);
        model.trainQformer();
        training()
            .train(
                work(model, tokenizer, set),
                progress,
                report,
                () -> export(model, progress, report));
      }
    }
    return ExitCode.OK;
  }

  private TrainingRun training() {
    return new TrainingRun(console, run, optimizing, data.seed);
  }

  private void requireAgreement() {
    try {
      options.requireAgreement();
      data.requireAgreement();
      training().requireAgreement();
      run.run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private TrainingRun.Work work(StageOneModel model, DjlTokenizer tokenizer, CaptionSet set)
      throws IOException {
    try {
      CaptionBatches batches = data.batches(set, options.processor(model.config()));
      batches.requireWords();
      return new TrainingRun.Work(
          StageOneTraining.of(model, tokenizer),
          batches,
          training().settings(batches),
          model.parameters().values());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void export(StageOneModel model, Progress progress, TrainingReport report)
      throws IOException {
    for (ExportName kind : exports) {
      progress.doing("writing " + kind);
      Path folder = run.out.resolve(kind.toString());
      var export = new StageOneExport(model, options.tokenizerFolder());
      switch (kind) {
        case LAVIS -> export.toLavis(folder, StageOneExport.Contents.ALL);
        case LAVIS_TRAINED -> export.toLavis(folder, StageOneExport.Contents.TRAINED);
        case HUGGING_FACE -> export.toHuggingFace(folder);
      }
      report.exported(folder);
    }
  }
}
