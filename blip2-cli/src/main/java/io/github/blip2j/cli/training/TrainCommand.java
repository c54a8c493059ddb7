package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blip2 train}: the parent of the stages' commands. */
@Command(
    name = "train",
    description = "Trains a stage of BLIP-2, or a part before it.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class TrainCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "missing required stage: stage1, stage2, vision or language");
  }
}
