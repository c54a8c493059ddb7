package io.github.blip2j.cli;

import io.github.blip2j.blip2.StageOneExport;
import io.github.blip2j.blip2.StageOneModel;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.DjlTokenizer;
import io.github.blip2j.training.Position;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingSettings;
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

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the log and the checkpoints.")
  private Path out = Path.of("");

  @Mixin private OptimizerOptions optimizing = new OptimizerOptions();

  @Option(names = "--resume", description = "Go on from the last checkpoint in --out.")
  private boolean resume;

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

  @Mixin private RunOptions run = new RunOptions();

  StageOneCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    requireAgreement();
    var report = new StageOneReport(console);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached()) {
      progress.doing("reading captions");
      CaptionSet set = options.captions();
      progress.doing("loading the model");
      StageOneModel model = options.load(home);
      try (var tokenizer = DjlTokenizer.open(options.tokenizerFolder())) {
        tokenizer.requireFits(model.config().qformer().bert().vocabSize());
        report.loaded(set);
        train(model, tokenizer, set, progress, report);
      }
    }
    return ExitCode.OK;
  }

  private void requireAgreement() {
    try {
      options.requireAgreement();
      optimizing.settings(out, Long.MAX_VALUE / Math.max(1, optimizing.epochs), options.seed);
      optimizing.rule();
      run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void train(
      StageOneModel model,
      DjlTokenizer tokenizer,
      CaptionSet set,
      Progress progress,
      StageOneReport report)
      throws IOException {
    CaptionBatches batches;
    TrainingSettings settings;
    try {
      batches = options.batches(set, model.config());
      long perEpoch = batches.batchesPerEpoch().orElse(1);
      settings = optimizing.settings(out, perEpoch, options.seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    model.trainQformer();
    var groups = ParameterGroup.of(model.parameters().values(), optimizing.weightDecay);
    try (var optimizer = new AdamW(groups, optimizing.rule())) {
      var training = StageOneTraining.of(model, tokenizer);
      var trainer = new Trainer<>(training, batches, optimizer, settings);
      try (var interruption = Interruption.calling(trainer::stop)) {
        var listener = new TrainingProgress(console, progress, steps(batches, settings));
        progress.doing("training");
        Position end = resume ? trainer.resume(listener) : trainer.start(listener);
        progress.clear();
        report.trained(end, listener, interruption.happened());
        if (!interruption.happened()) {
          export(model, progress, report);
        }
        report.print(out, set, batches, run.json);
      }
    }
  }

  private static long steps(CaptionBatches batches, TrainingSettings settings) {
    long perEpoch = batches.batchesPerEpoch().orElse(0) / settings.accumulate();
    return Math.min(settings.maxSteps(), settings.epochs() * perEpoch);
  }

  private void export(StageOneModel model, Progress progress, StageOneReport report)
      throws IOException {
    for (ExportName kind : exports) {
      progress.doing("writing " + kind);
      Path folder = out.resolve(kind.toString());
      var export = new StageOneExport(model, options.tokenizerFolder());
      switch (kind) {
        case LAVIS -> export.toLavis(folder, StageOneExport.Contents.ALL);
        case LAVIS_TRAINED -> export.toLavis(folder, StageOneExport.Contents.TRAINED);
        case HUGGING_FACE -> export.toHuggingFace(folder);
      }
      report.exported(folder);
    }
    progress.clear();
  }
}
