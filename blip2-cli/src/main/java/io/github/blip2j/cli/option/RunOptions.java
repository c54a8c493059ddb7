package io.github.blip2j.cli.option;

import io.github.blip2j.backend.Backend;
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

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "What computes: a name that blip2 doctor lists; by default the fastest.")
  @Nullable
  public String backend;

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
    if (backend != null) {
      backend();
    }
  }

  /**
   * The chosen backend.
   *
   * @throws IllegalArgumentException if there is none of its name, or it cannot run here
   */
  public Backend backend() {
    try {
      return backend == null ? Backend.preferred() : Backend.of(backend);
    } catch (IllegalArgumentException e) {
      throw backend == null ? e : new IllegalArgumentException("--" + e.getMessage(), e);
    }
  }
}
