package io.github.blip2j.cli.console;

import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Names of options with several names: the first, where picocli tells the longest. */
public final class FirstNames {
  private FirstNames() {}

  /** The first name with two dashes, or else the first. */
  public static String of(OptionSpec option) {
    return Arrays.stream(option.names())
        .filter(name -> name.startsWith("--"))
        .findFirst()
        .orElse(option.names()[0]);
  }

  /** A message of picocli about a command, with first names. */
  public static String in(CommandSpec command, String message) {
    String said = message;
    for (OptionSpec option : command.options()) {
      said = said.replace("'" + option.longestName() + "'", "'" + of(option) + "'");
      said = said.replace("'" + option.longestName() + "=", "'" + of(option) + "=");
    }
    return said;
  }
}
