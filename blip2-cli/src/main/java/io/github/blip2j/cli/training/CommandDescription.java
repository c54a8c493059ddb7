package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.FirstNames;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.training.run.RunDescription;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What a command line says of a run. */
final class CommandDescription {
  /** Options that are about the process and its output, not about the run. */
  private static final Set<String> OF_THE_PROCESS =
      Set.of("--out", "--resume", "--export", "--json", "--debug", "--help", "--version");

  private CommandDescription() {}

  /**
   * The description of a command that has been parsed.
   *
   * @param data the files of the run's data
   */
  static RunDescription of(CommandSpec command, List<Path> data) throws IOException {
    Map<String, String> options = new TreeMap<>();
    Map<String, Path> models = new TreeMap<>();
    List<Path> files = new ArrayList<>(data);
    for (OptionSpec option : command.options()) {
      @Nullable Object value = option.getValue();
      String name = FirstNames.of(option);
      if (value == null || OF_THE_PROCESS.contains(name)) {
        continue;
      }
      options.put(name, text(value));
      if (value instanceof ModelName model) {
        models.put(name, model.path());
      } else if (name.equals(LoraOptions.FROM) && value instanceof Path adapter) {
        models.put(name, adapter);
      } else if (name.equals(StageOneOptions.FEATURES) && value instanceof Path features) {
        files.add(features);
      }
    }
    options.values().removeIf(String::isEmpty);
    String root = command.root().qualifiedName();
    return RunDescription.of(command.qualifiedName().substring(root.length()).strip())
        .withArguments(command.root().commandLine().getParseResult().originalArgs())
        .withOptions(options)
        .withModels(models)
        .withData(files)
        .withVersion(Version.number());
  }

  private static String text(Object value) {
    return value instanceof Collection<?> several
        ? several.stream().map(String::valueOf).collect(Collectors.joining(","))
        : String.valueOf(value);
  }
}
