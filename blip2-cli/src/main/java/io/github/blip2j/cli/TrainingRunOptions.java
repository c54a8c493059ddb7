package io.github.blip2j.cli;

import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where a training run goes, and what every command can be told. */
final class TrainingRunOptions {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the log and the checkpoints.")
  Path out = Path.of("");

  @Option(names = "--resume", description = "Go on from the last checkpoint in --out.")
  boolean resume;

  @Mixin RunOptions run = new RunOptions();

  TrainingRunOptions() {}
}
