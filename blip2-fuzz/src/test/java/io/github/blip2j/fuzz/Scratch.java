package io.github.blip2j.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder in memory, where there is one, for files that are written for each input. */
public final class Scratch {
  private Scratch() {}

  /** A fresh folder that goes with the process. */
  public static Path folder(String name) {
    Path memory = Path.of("/dev/shm");
    try {
      Path folder =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "blip2-fuzz-" + name)
              : Files.createTempDirectory("blip2-fuzz-" + name);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
      return folder;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void remove(Path folder) {
    try (var all = Files.walk(folder)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      System.err.println(folder + " stays: " + e);
    }
  }
}
