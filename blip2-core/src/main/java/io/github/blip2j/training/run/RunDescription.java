package io.github.blip2j.training.run;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run is made from, for its {@code run.json}.
 *
 * @param command what it does, such as {@code train stage1}; a folder is of one command
 * @param arguments as they were typed
 * @param options the values of all options by name, defaults too
 * @param models the files or folders that it starts from, by option
 * @param data the files of its data
 * @param version of the program
 */
public record RunDescription(
    String command,
    List<String> arguments,
    Map<String, String> options,
    Map<String, Path> models,
    List<Path> data,
    String version) {
  /** Copies the collections, in their order. */
  public RunDescription {
    arguments = List.copyOf(arguments);
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
    data = List.copyOf(data);
  }

  /** A description of nothing but the command. */
  public static RunDescription of(String command) {
    return new RunDescription(command, List.of(), Map.of(), Map.of(), List.of(), "");
  }

  /** With the arguments as they were typed. */
  public RunDescription withArguments(List<String> newArguments) {
    return new RunDescription(command, newArguments, options, models, data, version);
  }

  /** With the values of all options by name. */
  public RunDescription withOptions(Map<String, String> newOptions) {
    return new RunDescription(command, arguments, newOptions, models, data, version);
  }

  /** With the files or folders that it starts from, by option. */
  public RunDescription withModels(Map<String, Path> newModels) {
    return new RunDescription(command, arguments, options, newModels, data, version);
  }

  /** With the files of its data. */
  public RunDescription withData(List<Path> newData) {
    return new RunDescription(command, arguments, options, models, newData, version);
  }

  /** With the version of the program. */
  public RunDescription withVersion(String newVersion) {
    return new RunDescription(command, arguments, options, models, data, newVersion);
  }
}
