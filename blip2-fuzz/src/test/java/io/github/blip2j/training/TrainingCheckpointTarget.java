package io.github.blip2j.training;

import io.github.blip2j.fuzz.Messages;
import io.github.blip2j.fuzz.SafetensorsTarget;
import io.github.blip2j.fuzz.Scratch;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Checkpoints of a run: resumed from, or refused with words. */
public final class TrainingCheckpointTarget {
  private static final Path FOLDER = Scratch.folder("checkpoints");
  private static final TrainingSettings SETTINGS =
      TrainingSettings.of(FOLDER, Schedule.Constant.of(1)).withSeed(5).withKeep(1);
  private static final CheckpointFolder CHECKPOINTS =
      new CheckpointFolder(FOLDER, new Toy(7, 0).optimizer, SafetensorsWriter::write)
          .withSizes(Map.of("batch_size", 2L));

  private TrainingCheckpointTarget() {}

  /** Resumes from one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = FOLDER.resolve("step-00000003.safetensors");
    Files.write(file, SafetensorsTarget.withLength(data));
    try {
      TrainingPosition at = CHECKPOINTS.restore(file, SETTINGS);
      if (at.step() < 0 || at.epoch() < 0 || at.batch() < 0) {
        throw new AssertionError("accepted " + at);
      }
    } catch (IOException e) {
      Messages.require(e);
    }
  }
}
