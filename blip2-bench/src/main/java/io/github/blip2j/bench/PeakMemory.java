package io.github.blip2j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;

/** The most memory that this process has held at any time. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String KEY = "VmHWM:"; // high-water mark of resident memory, in KiB

  private PeakMemory() {}

  /** In MiB; empty where the system does not tell. */
  static OptionalDouble mebibytes() throws IOException {
    return mebibytes(STATUS);
  }

  static OptionalDouble mebibytes(Path status) throws IOException {
    if (!Files.isReadable(status)) {
      return OptionalDouble.empty();
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith(KEY))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
        .findFirst();
  }
}
