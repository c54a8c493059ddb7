package io.github.blip2j.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The memory of this process, as the system counts it. */
final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String KEY = "VmRSS:";

  private ResidentMemory() {}

  /** MiB of it in use now; null if the system does not tell. */
  static @Nullable Double mebibytes() {
    return mebibytes(STATUS);
  }

  static @Nullable Double mebibytes(Path status) {
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith(KEY)) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0; // from KiB
        }
      }
    } catch (IOException | NumberFormatException e) { // another system
      return null;
    }
    return null;
  }
}
