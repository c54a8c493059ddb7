package io.github.blip2j.cli;

import io.github.blip2j.tensor.Threads;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that runs a model can be told about the process and what it prints. */
final class RunOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the native libraries; all cores by default.")
  @Nullable Integer threads;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(names = "--debug", description = "Log more, and show where errors come from.")
  private boolean debug;

  /** Sets what concerns the whole process. */
  void prepare() {
    if (debug) {
      LogSettings.debug();
    }
    if (threads != null) {
      Threads.choose(threads);
    }
  }
}
