package io.github.blip2j.cli.option;

import io.github.blip2j.backend.Threads;
import io.github.blip2j.cli.console.LogSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that runs a model can be told about the process and what it prints. */
public final class RunOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the native libraries, up to 1024; all cores by default.")
  @Nullable
  public Integer threads;

  @Option(names = "--json", description = "Print one JSON document.")
  public boolean json;

  @Option(names = "--debug", description = "Log more, and show where errors come from.")
  private boolean debug;

  /** Sets what concerns the whole process. */
  public void prepare() {
    if (debug) {
      LogSettings.debug();
    }
    if (threads != null) {
      Threads.choose(threads);
    }
  }
}
