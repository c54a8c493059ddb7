package io.github.blip2j.cli.option;

import io.github.blip2j.backend.Threads;
import io.github.blip2j.cli.console.LogSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that runs a model about the process and its output. */
public final class RunOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the native libraries, up to 1024; all cores by default.")
  @Nullable
  public Integer threads;

  @Option(names = "--json", description = "Print one JSON document.")
  public boolean json;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  /** Applies the settings of the whole process. */
  public void prepare() {
    if (debug) {
      LogSettings.debug();
    }
    if (threads != null) {
      Threads.choose(threads);
    }
  }
}
