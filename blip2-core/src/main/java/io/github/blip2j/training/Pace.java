package io.github.blip2j.training;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The speed of a run since its last report, and the time that is left. */
final class Pace<B extends Batch> {
  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private long samples;
  private long steps;
  private double seconds;

  Pace(BatchSource<B> source, TrainingSettings settings) {
    this.source = source;
    this.settings = settings;
  }

  /** Counts an update. */
  void add(int ofSamples, long nanoseconds) {
    seconds += Math.max(1, nanoseconds) * 1e-9;
    samples += ofSamples;
    steps++;
  }

  /** The report of the last update; counting begins anew. */
  StepReport report(TrainStep.Outcome outcome, Map<String, Double> numbers) {
    long left = stepsLeft(outcome.position());
    @Nullable Duration remaining =
        left < 0 ? null : Duration.ofMillis(Math.round(1e3 * left * seconds / steps));
    var report =
        new StepReport(
            outcome.position(),
            outcome.lr(),
            outcome.losses(),
            outcome.gradientNorm(),
            samples / seconds,
            remaining,
            numbers);
    samples = 0;
    steps = 0;
    seconds = 0;
    return report;
  }

  /** Updates until the end, or -1 if unknown. */
  private long stepsLeft(TrainingPosition at) {
    OptionalLong perEpoch = source.batchesPerEpoch();
    boolean limited = settings.maxSteps() != Long.MAX_VALUE;
    long toLimit = limited ? settings.maxSteps() - at.step() : -1;
    if (perEpoch.isEmpty()) {
      return toLimit;
    }
    long here = (perEpoch.getAsLong() - at.batch()) / settings.accumulate();
    long each = perEpoch.getAsLong() / settings.accumulate();
    long toEnd = here + each * (settings.epochs() - at.epoch() - 1);
    return limited ? Math.min(toLimit, toEnd) : toEnd;
  }
}
