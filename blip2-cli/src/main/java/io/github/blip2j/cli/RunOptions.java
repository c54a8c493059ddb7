package io.github.blip2j.cli;

import io.github.blip2j.tensor.Threads;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a run goes and what it says. */
final class RunOptions {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the log and the checkpoints.")
  Path out = Path.of("");

  @Option(names = "--resume", description = "Go on from the last checkpoint in --out.")
  boolean resume;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the native libraries; all cores by default.")
  @Nullable Integer threads;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(names = "--debug", description = "Log more, and show where errors come from.")
  boolean debug;

  RunOptions() {}

  /** Sets up what holds for the whole process. */
  void begin() {
    if (threads != null) {
      Threads.choose(threads);
    }
  }
}
