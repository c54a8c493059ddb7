package io.github.blip2j.cli.model;

import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 inspect}. */
@Command(
    name = "inspect",
    description = {
      "Describes a checkpoint: its kind, the class that would load it, missing and "
          + "surplus tensors, and each tensor's name, type, shape, sum, minimum and "
          + "maximum.",
      "In the JSON document, numbers that JSON lacks are the strings \"Infinity\", "
          + "\"-Infinity\" and \"NaN\"."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class InspectCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      paramLabel = "FILE|FOLDER",
      description =
          "A safetensors or PyTorch file, a checkpoint of LAVIS or of a training run, "
              + "the folder of a model, a language model, a BERT or an adapter, or the id of "
              + "a downloaded one.")
  private @Nullable ModelName model;

  @Option(
      names = "--no-sums",
      description = "Read only headers, which is fast for files of any size.")
  private boolean withoutSums;

  @Option(names = "--json", description = "Print one JSON document.")
  private boolean json;

  @Option(names = "--debug", description = "Print stack traces of errors.")
  private boolean debug;

  public InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (debug) {
      LogSettings.debug();
    }
    Path path = java.util.Objects.requireNonNull(model).path();
    try (Inspection inspection = Inspection.open(path)) {
      Map<String, TensorSummary> sums = withoutSums ? Map.of() : sums(inspection);
      if (json) {
        InspectJson.print(console, inspection, sums);
      } else {
        InspectTable.print(console, inspection, sums);
      }
    }
    return ExitCode.OK;
  }

  /** The sums of all tensors with numeric types. */
  private Map<String, TensorSummary> sums(Inspection inspection) throws IOException {
    Map<String, TensorSummary> sums = new LinkedHashMap<>();
    int of = inspection.checkpoint().tensors().size();
    try (var progress = Progress.on(console)) {
      for (TensorEntry tensor : inspection.checkpoint().tensors().values()) {
        progress.doing("tensor " + (sums.size() + 1) + " of " + of + ", " + tensor.name());
        @Nullable TensorSummary summary = summary(inspection, tensor);
        if (summary != null) {
          sums.put(tensor.name(), summary);
        }
      }
    }
    return sums;
  }

  private static @Nullable TensorSummary summary(Inspection inspection, TensorEntry tensor)
      throws IOException {
    return tensor.hasSummary() ? inspection.checkpoint().summary(tensor.name()) : null;
  }
}
