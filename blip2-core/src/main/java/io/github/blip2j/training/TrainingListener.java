package io.github.blip2j.training;

import java.nio.file.Path;

/** Observes a run, on its thread; it should return soon. */
public interface TrainingListener {
  /** A listener that does nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** Called after an update that is due to be reported. */
  default void stepped(StepReport report) {}

  /** Called when a checkpoint is complete. */
  default void saved(Path checkpoint, TrainingPosition position) {}
}
