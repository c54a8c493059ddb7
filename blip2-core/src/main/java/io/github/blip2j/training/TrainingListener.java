package io.github.blip2j.training;

import java.nio.file.Path;

/** Observes a run, on its thread; it should return soon. */
public interface TrainingListener {
  /** A listener that does nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** An update was made that is due to be reported. */
  default void stepped(StepReport report) {}

  /** A checkpoint is whole. */
  default void saved(Path checkpoint, TrainingPosition position) {}
}
