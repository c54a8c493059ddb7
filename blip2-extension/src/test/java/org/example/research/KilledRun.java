package org.example.research;

import io.github.blip2j.backend.Threads;
import java.io.IOException;
import java.nio.file.Path;

/** A run in a process of its own, which a test kills. */
final class KilledRun {
  private KilledRun() {}

  /**
   * Trains in a folder, with a checkpoint after each update.
   *
   * @param args the folder
   */
  public static void main(String... args) throws IOException {
    Threads.use(1);
    Path folder = Path.of(args[0]);
    try (Lab lab = new Lab()) {
      var settings = Lab.settings(folder.resolve("parts")).withCheckpointEvery(1);
      lab.trainer(folder, settings).start(lab.best(folder));
    }
  }
}
