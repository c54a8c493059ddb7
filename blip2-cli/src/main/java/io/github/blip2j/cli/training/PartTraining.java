package io.github.blip2j.cli.training;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Interruption;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.training.Batch;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.training.run.RunDescription;
import io.github.blip2j.training.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;

/**
 * A run that trains a part of BLIP-2 from nothing: updates until the end or Ctrl-C, then a folder.
 */
final class PartTraining {
  private final Console console;
  private final Progress progress;
  private final TrainingRunOptions run;
  private final OptimizerOptions optimizing;
  private final RunDescription description;
  private final String part;

  /**
   * A run.
   *
   * @param description of the command
   * @param part the name of the folder that it writes in {@code --out}
   */
  PartTraining(
      Console console,
      Progress progress,
      TrainingRunOptions run,
      OptimizerOptions optimizing,
      RunDescription description,
      String part) {
    this.console = console;
    this.progress = progress;
    this.run = run;
    this.optimizing = optimizing;
    this.description = description;
    this.part = part;
  }

  /** Writes the trained part. */
  @FunctionalInterface
  interface Export {
    void write(Path folder) throws IOException;
  }

  /** Checks the options that need no loaded model, and applies those of the process. */
  static void prepare(TrainingRunOptions run, OptimizerOptions optimizing) throws IOException {
    try {
      if (!run.exports.isEmpty()) {
        throw new IllegalArgumentException(
            "--export expected for stage1 and stage2 only; a part is written by itself");
      }
      try (var ranks = Collectives.open()) {
        if (ranks.size() > 1) {
          throw new IllegalArgumentException(
              "train vision and language expected in one process, got rank "
                  + ranks.rank()
                  + " of "
                  + ranks.size()
                  + "; start them without mpirun");
        }
      }
      optimizing.settings(run.out, Long.MAX_VALUE / Math.max(1, optimizing.epochs), 0);
      optimizing.rule();
      run.run.prepare();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    Trainer.requireFree(run.out);
  }

  /** Trains, and writes the part unless it was interrupted. */
  <B extends Batch> void train(
      Objective<B> objective,
      BatchSource<B> batches,
      long seed,
      Collection<Parameter> parameters,
      Export export)
      throws IOException {
    long perEpoch = batches.batchesPerEpoch().orElse(1);
    TrainingSettings settings = optimizing.settings(run.out, perEpoch, seed);
    var groups = ParameterGroup.of(parameters, optimizing.weightDecay);
    try (var optimizer = new AdamW(groups, optimizing.rule());
        RunFolder folder = RunFolder.open(run.out, description)) {
      var trainer = new Trainer<>(objective, batches, optimizer, settings);
      try (var interruption = Interruption.calling(trainer::stop)) {
        long steps =
            Math.min(settings.maxSteps(), settings.epochs() * (perEpoch / settings.accumulate()));
        var listener = new TrainingProgress(console, progress, steps);
        TrainingListener listeners = listener.and(folder);
        if (run.resume) {
          listener.resuming(folder.changes());
        }
        progress.doing("training");
        TrainingPosition end = run.resume ? trainer.resume(listeners) : trainer.start(listeners);
        progress.clear();
        boolean stopped = interruption.happened();
        Path written = run.out.resolve(part);
        if (!stopped) {
          export.write(written);
        }
        print(end, stopped, written);
      }
    }
  }

  private void print(TrainingPosition end, boolean stopped, Path written) {
    if (run.run.json) {
      var document = new JsonObject();
      document.addProperty("out", run.out.toString());
      document.addProperty("steps", end.step());
      document.addProperty("epoch", end.epoch());
      document.addProperty("stopped", stopped);
      document.addProperty("export", stopped ? null : written.toString());
      JsonReport.print(console, document);
    } else {
      String how = stopped ? "stopped" : "done";
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s after step %d, epoch %d: %s",
                  how,
                  end.step(),
                  end.epoch(),
                  run.out));
      if (!stopped) {
        console.out().println("wrote " + written);
      }
    }
    console.out().flush();
  }
}
