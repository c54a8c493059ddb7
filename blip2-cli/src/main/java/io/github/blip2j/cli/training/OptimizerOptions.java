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

/** How parameters move and for how long; the defaults are those LAVIS pretrains with. */
final class OptimizerOptions {
  @Option(names = "--epochs", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  int epochs = 10;

  @Option(names = "--max-steps", paramLabel = "N", description = "End after N updates at most.")
  long maxSteps = Long.MAX_VALUE;

  @Option(names = "--lr", paramLabel = "F", description = "Full rate; default: ${DEFAULT-VALUE}.")
  double lr = 1e-4;

  @Option(
      names = "--min-lr",
      paramLabel = "F",
      description = "The rate it falls to; default: ${DEFAULT-VALUE}.")
  double minLr = 1e-5;

  @Option(
      names = "--warmup-lr",
      paramLabel = "F",
      description = "The first rate; default: ${DEFAULT-VALUE}.")
  double warmupLr = 1e-6;

  @Option(
      names = "--warmup-steps",
      paramLabel = "N",
      description = "Batches until the full rate; default: ${DEFAULT-VALUE}.")
  long warmupSteps;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      converter = ScheduleName.Converter.class,
      description =
          "cosine, step, constant: LAVIS's, which warm up in the first epoch only and change "
              + "from epoch to epoch; stepwise: a cosine from batch to batch. Default: cosine.")
  ScheduleName schedule = ScheduleName.COSINE;

  @Option(
      names = "--lr-decay-rate",
      paramLabel = "F",
      description = "What the rate is multiplied by after each epoch; with --schedule step.")
  @Nullable Double lrDecayRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "F",
      description = "Of matrices; default: ${DEFAULT-VALUE}.")
  double weightDecay = 0.05;

  @Option(names = "--beta2", paramLabel = "F", description = "Default: ${DEFAULT-VALUE}.")
  double beta2 = 0.999;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      description = "Batches that make one update; default: ${DEFAULT-VALUE}.")
  int accumulate = 1;

  @Option(
      names = "--clip-norm",
      paramLabel = "F",
      description = "Longest gradient; no limit by default, as in LAVIS.")
  double clipNorm = Double.POSITIVE_INFINITY;

  @Option(
      names = "--log-every",
      paramLabel = "N",
      description = "Updates from one line to the next; default: ${DEFAULT-VALUE}.")
  int logEvery = 10;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description = "Updates from one checkpoint to the next; default: ${DEFAULT-VALUE}.")
  int checkpointEvery = 1000;

  /** With as many batches to warm up as LAVIS's stage has. */
  OptimizerOptions(long warmupSteps) {
    this.warmupSteps = warmupSteps;
  }

  /** The constants of AdamW. */
  AdamWRule rule() {
    return AdamWRule.DEFAULT.withBeta2(beta2);
  }

  /** How a run goes. */
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
