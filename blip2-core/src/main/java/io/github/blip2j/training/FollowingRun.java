package io.github.blip2j.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The run of a rank other than the first: it makes the same updates as {@link Run}, and writes
 * nothing. It asks whether the run is over as often as that one does, for both ask together.
 */
final class FollowingRun<B extends Batch> {
  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private final TrainStep<B> update;
  private TrainingPosition at = TrainingPosition.START;

  FollowingRun(Trainer.Parts<B> parts) {
    this.source = parts.source();
    this.settings = parts.settings();
    this.update = parts.update();
  }

  /** Trains until the end, or until a rank is told to stop. */
  TrainingPosition from(TrainingPosition position, BooleanSupplier stopping) throws IOException {
    at = position;
    isOver(stopping); // as rank 0 does for its log
    while (!isOver(stopping)) {
      epoch(stopping);
    }
    return at;
  }

  private boolean isOver(BooleanSupplier stopping) {
    return update.ranks().any(stopping.getAsBoolean())
        || at.epoch() >= settings.epochs()
        || at.step() >= settings.maxSteps();
  }

  private void epoch(BooleanSupplier stopping) throws IOException {
    try (Stream<B> stream = source.open(at.epoch(), at.batch())) {
      Iterator<B> batches = stream.iterator();
      while (!isOver(stopping)) {
        TrainStep.@Nullable Outcome outcome = update.make(batches, at);
        if (outcome == null) {
          at = at.nextEpoch();
          return;
        }
        at = outcome.position();
      }
    } catch (UncheckedIOException e) { // how streams report an IOException
      throw e.getCause();
    }
  }
}
