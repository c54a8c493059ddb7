package io.github.blip2j.cli;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.Position;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.util.Collection;

/** A run of either stage, once there is a model: updates until the end or Ctrl-C, then exports. */
final class TrainingRun {
  private final Console console;
  private final TrainingRunOptions options;
  private final OptimizerOptions optimizing;
  private final long seed;

  /** What is done with a model that has been trained. */
  @FunctionalInterface
  interface Export {
    void write() throws IOException;
  }

  /**
   * What a run is about.
   *
   * @param parameters those that learn and those that do not
   */
  record Work(
      Objective<CaptionBatch> objective,
      CaptionBatches batches,
      TrainingSettings settings,
      Collection<Parameter> parameters) {
    private long steps() {
      long perEpoch = batches.batchesPerEpoch().orElse(0) / settings.accumulate();
      return Math.min(settings.maxSteps(), settings.epochs() * perEpoch);
    }
  }

  TrainingRun(Console console, TrainingRunOptions options, OptimizerOptions optimizing, long seed) {
    this.console = console;
    this.options = options;
    this.optimizing = optimizing;
    this.seed = seed;
  }

  /** Checks what can be checked before a model is loaded. */
  void requireAgreement() {
    optimizing.settings(options.out, Long.MAX_VALUE / Math.max(1, optimizing.epochs), seed);
    optimizing.rule();
  }

  /** How long it goes and how. */
  TrainingSettings settings(CaptionBatches batches) {
    return optimizing.settings(options.out, batches.batchesPerEpoch().orElse(1), seed);
  }

  /** Trains, and exports unless it was interrupted. */
  void train(Work work, Progress progress, TrainingReport report, Export export)
      throws IOException {
    var groups = ParameterGroup.of(work.parameters, optimizing.weightDecay);
    try (var optimizer = new AdamW(groups, optimizing.rule())) {
      var trainer = new Trainer<>(work.objective, work.batches, optimizer, work.settings);
      try (var interruption = Interruption.calling(trainer::stop)) {
        var listener = new TrainingProgress(console, progress, work.steps());
        progress.doing("training");
        Position end = options.resume ? trainer.resume(listener) : trainer.start(listener);
        progress.clear();
        report.trained(end, listener, interruption.happened());
        if (!interruption.happened()) {
          export.write();
          progress.clear();
        }
        report.print(options.out, work.batches, options.run.json);
      }
    }
  }
}
