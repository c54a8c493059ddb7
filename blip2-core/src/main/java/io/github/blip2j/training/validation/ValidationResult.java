package io.github.blip2j.training.validation;

import io.github.blip2j.training.TrainingPosition;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The outcome of one validation.
 *
 * @param position of the run
 * @param numbers of all evaluators, by name, without {@code val_}
 * @param best whether this is the best so far, of which a checkpoint is written
 * @param stale how many validations have passed since the best one
 * @param time that it took
 */
public record ValidationResult(
    TrainingPosition position,
    Map<String, Double> numbers,
    boolean best,
    int stale,
    Duration time) {
  /** Copies the numbers, in their order. */
  public ValidationResult {
    numbers = Collections.unmodifiableMap(new LinkedHashMap<>(numbers));
  }
}
