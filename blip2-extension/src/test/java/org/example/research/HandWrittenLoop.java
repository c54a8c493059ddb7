package org.example.research;

import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.training.Batch;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.CheckpointFolder;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.TrainStep;
import io.github.blip2j.training.TrainingLog;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;

/** A loop over one epoch with the library's step, log and checkpoints, and nothing else of it. */
final class HandWrittenLoop {
  private HandWrittenLoop() {}

  static <B extends Batch> TrainingPosition run(
      Objective<B> objective, BatchSource<B> source, Optimizer optimizer, TrainingSettings settings)
      throws IOException {
    var step = new TrainStep<>(objective, optimizer, settings);
    var checkpoints = new CheckpointFolder(settings.output(), optimizer);
    Path newest = checkpoints.newest();
    TrainingPosition at =
        newest == null ? TrainingPosition.START : checkpoints.restore(newest, settings);
    try (var log = TrainingLog.open(settings, at);
        Stream<B> stream = source.open(at.epoch(), at.batch())) {
      Iterator<B> batches = stream.iterator();
      while (at.step() < settings.maxSteps()) {
        TrainStep.Outcome outcome = step.make(batches, at);
        if (outcome == null) {
          break;
        }
        at = outcome.position();
        log.write(outcome, Map.of("samples", (double) outcome.samples()));
      }
    }
    checkpoints.write(at, settings);
    return at;
  }
}
