package io.github.blip2j.cli;

import java.nio.file.Path;
import picocli.CommandLine.Mixin;
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

  @Mixin ProcessOptions process = new ProcessOptions();

  RunOptions() {}
}
