package io.github.blip2j.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Hears of a run, on its thread: of its start, every update, the ends of epochs, lines of the log
 * and checkpoints. What it computes is added to the time of the run.
 *
 * <p>Three methods get a {@link RunControl}, by which a listener adds numbers to the log, asks for
 * a named checkpoint, or ends the run. A listener that throws ends the run with a {@link
 * ListenerException}, after a checkpoint of the last update. Tensors that it makes are released
 * when it returns; it records gradients unless it says otherwise.
 */
public interface TrainingListener {
  /** A listener that does nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** Several listeners, which are called in this order; their states have different names. */
  static TrainingListener all(List<? extends TrainingListener> listeners) {
    return new ListenerList(listeners);
  }

  /** This listener and then another. */
  default TrainingListener and(TrainingListener other) {
    return all(List.of(this, other));
  }

  /**
   * Called before {@link #started} when a run is resumed.
   *
   * @param changes the settings that differ from those of the checkpoint, in words, such as {@code
   *     epochs 10 -> 20}; with any of them the run differs from one without a stop
   */
  default void resumed(TrainingPosition position, List<String> changes) throws IOException {}

  /**
   * Called before the first update, at step 0, and again when a run is resumed, at its position.
   */
  default void started(TrainingPosition position, RunControl run) throws IOException {}

  /** Called after every update, before its line of the log is written. */
  default void updated(TrainStep.Outcome outcome, RunControl run) throws IOException {}

  /**
   * Called after an epoch, when its source has no more batches. A run that {@code maxSteps} ends
   * with the last batch of an epoch asks for no more, so that this is called when it is resumed.
   *
   * @param position after the last update of the epoch, and in it
   */
  default void epochEnded(TrainingPosition position, RunControl run) throws IOException {}

  /** Called after an update whose line was written to the log. */
  default void stepped(StepReport report) {}

  /**
   * Called after a line of the log that is not of an update: of the start of a run or of the end of
   * an epoch, to which listeners have added numbers.
   */
  default void noted(TrainingPosition position, Map<String, Double> numbers) {}

  /** Called when a checkpoint is complete, a named one too. */
  default void saved(Path checkpoint, TrainingPosition position) {}

  /**
   * Numbers that the listener keeps from call to call, such as the best loss so far, by names of
   * its own. Checkpoints hold them, so that a resumed run goes on with them.
   */
  default Map<String, Double> state() {
    return Map.of();
  }

  /**
   * Gets the numbers of {@link #state} back, before {@link #started} of a resumed run, with those
   * of other listeners. There are none in a checkpoint of a run without listeners.
   */
  default void restore(Map<String, Double> state) {}
}
