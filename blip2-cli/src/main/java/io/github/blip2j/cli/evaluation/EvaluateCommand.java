package io.github.blip2j.cli.evaluation;

import io.github.blip2j.cli.console.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blip2 evaluate}: the parent of the tasks' commands. */
@Command(
    name = "evaluate",
    description = {
      "Evaluates a model, or results of one, on a data set.",
      "After mpirun, ranks share the work; the first prints and writes what one process would."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class EvaluateCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "missing required task: caption, vqa, retrieval or classify");
  }
}
