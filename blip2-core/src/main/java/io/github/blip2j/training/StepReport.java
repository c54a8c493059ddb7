package io.github.blip2j.training;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The report of the updates since the last report, for the log and listeners.
 *
 * @param position after the last of them
 * @param lr its learning rate, before groups scale it
 * @param losses {@code loss}, then {@code loss_NAME} of each part; means over these updates
 * @param gradientNorm Euclidean length of the whole gradient of the last update, before clipping
 * @param samplesPerSecond over the updates since the last report
 * @param remaining at this speed; null if the end is not known
 * @param numbers what listeners added, by name
 * @param usage time and memory, or null if they were not measured
 */
public record StepReport(
    TrainingPosition position,
    double lr,
    Map<String, Double> losses,
    double gradientNorm,
    double samplesPerSecond,
    @Nullable Duration remaining,
    Map<String, Double> numbers,
    @Nullable Usage usage) {
  /**
   * Time and memory of a run.
   *
   * @param seconds since the start of the run, those before a resume included
   * @param dataSeconds time in which the updates of the report waited for batches
   * @param dataShare the same as a share of these updates' time, from 0 to 1
   * @param memoryMebibytes resident memory of the process, or null if the system does not tell
   */
  public record Usage(
      double seconds, double dataSeconds, double dataShare, @Nullable Double memoryMebibytes) {}

  /** Copies the numbers. */
  public StepReport {
    losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
  }

  /** A report without time and memory, and without numbers of listeners. */
  public StepReport(
      TrainingPosition position,
      double lr,
      Map<String, Double> losses,
      double gradientNorm,
      double samplesPerSecond,
      @Nullable Duration remaining) {
    this(position, lr, losses, gradientNorm, samplesPerSecond, remaining, Map.of(), null);
  }
}
