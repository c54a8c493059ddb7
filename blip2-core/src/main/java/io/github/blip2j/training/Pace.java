package io.github.blip2j.training;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a run sums up from one report to the next: losses, samples and time; and the time that is
 * left.
 */
final class Pace<B extends Batch> {
  /** The beginning of the names of its numbers in checkpoints. */
  static final String PREFIX = "log.";

  private static final String SUM = PREFIX + "sum.";
  private static final String COUNT = PREFIX + "count.";

  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private final Map<String, Double> sums = new TreeMap<>();
  private final Map<String, Double> counts = new TreeMap<>();
  private long samples;
  private long steps;
  private double seconds;
  private double dataSeconds;

  Pace(BatchSource<B> source, TrainingSettings settings) {
    this.source = source;
    this.settings = settings;
  }

  /**
   * Counts an update.
   *
   * @param nanoseconds that it took
   * @param ofData those of them in which it waited for batches
   */
  void add(TrainStep.Outcome outcome, long nanoseconds, long ofData) {
    outcome
        .losses()
        .forEach(
            (name, loss) -> {
              sums.merge(name, loss, Double::sum);
              counts.merge(name, 1.0, Double::sum);
            });
    seconds += Math.max(1, nanoseconds) * 1e-9;
    dataSeconds += ofData * 1e-9;
    samples += outcome.samples();
    steps++;
  }

  /**
   * The report of the last update and of those since the last report; counting begins anew.
   *
   * @param time seconds of the whole run
   */
  StepReport report(TrainStep.Outcome outcome, Map<String, Double> numbers, double time) {
    StepReport report = soFar(outcome, numbers, time);
    sums.clear();
    counts.clear();
    samples = 0;
    steps = 0;
    seconds = 0;
    dataSeconds = 0;
    return report;
  }

  /** Whether there was no update since the last report. */
  boolean isReported() {
    return steps == 0;
  }

  /** As {@link #report}, but counting goes on. */
  StepReport soFar(TrainStep.Outcome outcome, Map<String, Double> numbers, double time) {
    long left = stepsLeft(outcome.position());
    @Nullable Duration remaining =
        left < 0 ? null : Duration.ofMillis(Math.round(1e3 * left * seconds / steps));
    Map<String, Double> means = new LinkedHashMap<>(outcome.losses()); // for their order
    sums.forEach((name, sum) -> means.put(name, sum / counts.getOrDefault(name, 1.0)));
    var usage =
        new StepReport.Usage(
            time, dataSeconds, Math.min(1, dataSeconds / seconds), ResidentMemory.mebibytes());
    return new StepReport(
        outcome.position(),
        outcome.lr(),
        means,
        outcome.gradientNorm(),
        samples / seconds,
        remaining,
        numbers,
        usage);
  }

  /** The sums of losses since the last report, for a checkpoint. */
  Map<String, Double> state() {
    Map<String, Double> state = new LinkedHashMap<>();
    sums.forEach((name, sum) -> state.put(SUM + name, sum));
    counts.forEach((name, count) -> state.put(COUNT + name, count));
    return state;
  }

  /** Goes on with the sums of a checkpoint. */
  void restore(Map<String, Double> state) {
    state.forEach(
        (name, value) -> {
          if (name.startsWith(SUM)) {
            sums.put(name.substring(SUM.length()), value);
          } else if (name.startsWith(COUNT)) {
            counts.put(name.substring(COUNT.length()), value);
          }
        });
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
