package io.github.blip2j.training;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The report of one update for the log and listeners.
 *
 * @param position after the update
 * @param lr learning rate, before groups scale it
 * @param losses {@code loss}, then {@code loss_NAME} of each part; means over the update's batches
 * @param gradientNorm Euclidean length of the whole gradient, before clipping
 * @param samplesPerSecond over the updates since the last report
 * @param remaining at this speed; null if the end is not known
 * @param numbers what listeners added, by name
 */
public record StepReport(
    TrainingPosition position,
    double lr,
    Map<String, Double> losses,
    double gradientNorm,
    double samplesPerSecond,
    @Nullable Duration remaining,
    Map<String, Double> numbers) {
  /** Copies the numbers. */
  public StepReport {
    losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
  }

  /** A report without numbers of listeners. */
  public StepReport(
      TrainingPosition position,
      double lr,
      Map<String, Double> losses,
      double gradientNorm,
      double samplesPerSecond,
      @Nullable Duration remaining) {
    this(position, lr, losses, gradientNorm, samplesPerSecond, remaining, Map.of());
  }
}
