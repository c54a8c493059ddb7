package io.github.blip2j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;

/** Resident memory of this process in MiB; empty if the system does not report it. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMemory() {}

  /** The peak so far. */
  static OptionalDouble peak() throws IOException {
    return mebibytes(STATUS, "VmHWM:");
  }

  /** The current value. */
  static OptionalDouble resident() throws IOException {
    return mebibytes(STATUS, "VmRSS:");
  }

  static OptionalDouble mebibytes(Path status, String key) throws IOException {
    if (!Files.isReadable(status)) {
      return OptionalDouble.empty();
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith(key))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0) // from KiB
        .findFirst();
  }
}
