package io.github.blip2j.cli.training;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.cli.option.ScheduleName;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.training.TrainingSettings;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Options of AdamW, the schedule and the length of a run; the defaults are those LAVIS pretrains
 * with.
 */
final class OptimizerOptions {
  @Option(names = "--epochs", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  int epochs;

  @Option(names = "--max-steps", paramLabel = "N", description = "End after N updates at most.")
  long maxSteps = Long.MAX_VALUE;

  @Option(
      names = "--lr",
      paramLabel = "F",
      description = "Peak learning rate; default: ${DEFAULT-VALUE}.")
  double lr;

  @Option(
      names = "--min-lr",
      paramLabel = "F",
      description = "The learning rate at the end; default: ${DEFAULT-VALUE}.")
  double minLr;

  @Option(
      names = "--warmup-lr",
      paramLabel = "F",
      description = "The learning rate at the start of the warm-up; default: ${DEFAULT-VALUE}.")
  double warmupLr;

  @Option(
      names = "--warmup-steps",
      paramLabel = "N",
      description = "Batches of the warm-up; default: ${DEFAULT-VALUE}.")
  long warmupSteps;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      converter = ScheduleName.Converter.class,
      description =
          "cosine, step, constant: LAVIS's, which warm up in the first epoch only and change "
              + "after each epoch; stepwise: a cosine that changes after each batch. Default: "
              + "cosine.")
  ScheduleName schedule = ScheduleName.COSINE;

  @Option(
      names = "--lr-decay-rate",
      paramLabel = "F",
      description = "The factor of the learning rate after each epoch; with --schedule step.")
  @Nullable Double lrDecayRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "F",
      description = "Weight decay of matrices; default: ${DEFAULT-VALUE}.")
  double weightDecay = 0.05;

  @Option(names = "--beta2", paramLabel = "F", description = "Default: ${DEFAULT-VALUE}.")
  double beta2 = 0.999;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      description = "Gradient accumulation: batches for each update; default: ${DEFAULT-VALUE}.")
  int accumulate = 1;

  @Option(
      names = "--clip-norm",
      paramLabel = "F",
      description = "Greatest norm of the gradient; no limit by default, as in LAVIS.")
  double clipNorm = Double.POSITIVE_INFINITY;

  @Option(
      names = "--log-every",
      paramLabel = "N",
      description = "Updates between log lines; default: ${DEFAULT-VALUE}.")
  int logEvery = 10;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description = "Updates between checkpoints; default: ${DEFAULT-VALUE}.")
  int checkpointEvery = 1000;

  /** With a command's rates and lengths. */
  OptimizerOptions(StageDefaults defaults) {
    this.epochs = defaults.epochs();
    this.lr = defaults.lr();
    this.minLr = defaults.minLr();
    this.warmupLr = defaults.warmupLr();
    this.warmupSteps = defaults.warmupSteps();
  }

  /** The constants of AdamW. */
  AdamWRule rule() {
    return AdamWRule.DEFAULT.withBeta2(beta2);
  }

  /** The settings of a run. */
  TrainingSettings settings(Path output, long batchesPerEpoch, long seed) {
    return TrainingSettings.of(output, schedule(batchesPerEpoch))
        .withEpochs(epochs)
        .withMaxSteps(maxSteps)
        .withAccumulate(accumulate)
        .withClipNorm(clipNorm)
        .withLogEvery(logEvery)
        .withCheckpointEvery(checkpointEvery)
        .withSeed(seed);
  }

  private Schedule schedule(long batchesPerEpoch) {
    Warmup warmup = new Warmup(warmupLr, warmupSteps);
    if ((lrDecayRate != null) != (schedule == ScheduleName.STEP)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--lr-decay-rate: number expected with --schedule step alone, got %s with %s",
              lrDecayRate == null ? "none" : lrDecayRate,
              schedule));
    }
    return switch (schedule) {
      case COSINE -> new Schedule.WarmupCosine(lr, minLr, epochs, warmup);
      case STEP ->
          new Schedule.WarmupStep(lr, minLr, lrDecayRate == null ? 1 : lrDecayRate, warmup);
      case CONSTANT -> new Schedule.Constant(lr, warmup);
      case STEPWISE ->
          new Schedule.StepwiseCosine(
              lr, minLr, new Schedule.Span(epochs, batchesPerEpoch), warmup);
    };
  }
}
