package io.github.blip2j.cli.match;

import io.github.blip2j.cli.console.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blip2 evaluate}: the command that holds the tasks. */
@Command(
    name = "evaluate",
    description = "Tells how well a model does on pictures and captions.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class EvaluateCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "missing required task: retrieval");
  }
}
