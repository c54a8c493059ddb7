package io.github.blip2j.cli.training;

import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.training.TrainingSettings;
import picocli.CommandLine.Mixin;

/** What the training of either stage can be told. */
final class StageOptions {
  @Mixin DataOptions data;
  @Mixin TrainingRunOptions run = new TrainingRunOptions();
  @Mixin OptimizerOptions optimizing;

  /** With as many pairs at once, and batches to warm up, as LAVIS's stage has. */
  StageOptions(int batchSize, long warmupSteps) {
    this.data = new DataOptions(batchSize);
    this.optimizing = new OptimizerOptions(warmupSteps);
  }

  /** Checks what can be checked before a model is loaded. */
  void requireAgreement() {
    data.requireAgreement();
    optimizing.settings(run.out, Long.MAX_VALUE / Math.max(1, optimizing.epochs), data.seed);
    optimizing.rule();
  }

  /** How long a run goes and how. */
  TrainingSettings settings(CaptionBatches batches) {
    return optimizing.settings(run.out, batches.batchesPerEpoch().orElse(1), data.seed);
  }
}
