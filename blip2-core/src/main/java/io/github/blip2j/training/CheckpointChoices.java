package io.github.blip2j.training;

import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a folder's checkpoints hold and are compared with, beside parameters and optimiser.
 *
 * @param listeners numbers of listeners and of the log, when a checkpoint is written
 */
record CheckpointChoices(
    Map<String, Long> sizes,
    OptionalLong batchesPerEpoch,
    Objective<?> objective,
    @Nullable WeightAverage average,
    Supplier<Map<String, Double>> listeners) {
  static final CheckpointChoices NONE =
      new CheckpointChoices(
          Map.of(),
          OptionalLong.empty(),
          (batch, pass) -> {
            throw new AssertionError("an objective for its empty state only");
          },
          null,
          Map::of);

  CheckpointChoices withSizes(Map<String, Long> newSizes) {
    return new CheckpointChoices(
        new TreeMap<>(newSizes), batchesPerEpoch, objective, average, listeners);
  }

  CheckpointChoices withBatches(OptionalLong perEpoch) {
    return new CheckpointChoices(sizes, perEpoch, objective, average, listeners);
  }

  CheckpointChoices withObjective(Objective<?> newObjective) {
    return new CheckpointChoices(sizes, batchesPerEpoch, newObjective, average, listeners);
  }

  CheckpointChoices withAverage(@Nullable WeightAverage newAverage) {
    return new CheckpointChoices(sizes, batchesPerEpoch, objective, newAverage, listeners);
  }

  CheckpointChoices withNumbers(Supplier<Map<String, Double>> numbers) {
    return new CheckpointChoices(sizes, batchesPerEpoch, objective, average, numbers);
  }
}
