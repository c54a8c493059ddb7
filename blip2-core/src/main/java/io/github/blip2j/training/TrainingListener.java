package io.github.blip2j.training;

import java.nio.file.Path;

/** Watches a run, on its thread; what takes long here makes the run longer. */
public interface TrainingListener {
  /** Nobody. */
  TrainingListener NONE = new TrainingListener() {};

  /** An update was made that is due to be reported. */
  default void stepped(StepReport report) {}

  /** A checkpoint is whole. */
  default void saved(Path checkpoint, TrainingPosition position) {}
}
