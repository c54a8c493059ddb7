package io.github.blip2j.cli;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Finds mistyped options, which the parser takes as values of the option before them, and explains
 * where the values went that are missing.
 */
final class UnknownOptions {
  private static final String DASHES = "--";

  private UnknownOptions() {}

  /** The first argument that looks like an option and is none of the command, as a message. */
  static Optional<String> in(CommandSpec command, List<String> arguments) {
    for (String argument : arguments) {
      if (argument.equals(DASHES)) {
        return Optional.empty();
      }
      String name = argument.split("=", 2)[0];
      if (name.startsWith(DASHES) && !hasSpace(name) && !isKnown(command, name)) {
        return Optional.of(
            "unknown option: '"
                + name
                + "'; a value that begins with dashes is written --option="
                + argument);
      }
    }
    return Optional.empty();
  }

  private static boolean hasSpace(String text) {
    return text.chars().anyMatch(Character::isWhitespace);
  }

  private static boolean isKnown(CommandSpec command, String name) {
    for (@Nullable CommandSpec each = command; each != null; each = each.parent()) {
      if (each.findOption(name) != null || each.negatedOptionsMap().containsKey(name)) {
        return true;
      }
    }
    return false;
  }

  /** Where missing arguments may be: an option of many values takes those that follow it. */
  static String hint(CommandLine.MissingParameterException e) {
    boolean positional = e.getMissing().stream().anyMatch(ArgSpec::isPositional);
    String greedy =
        e.getCommandLine().getCommandSpec().options().stream()
            .filter(option -> option.arity().max() > 1)
            .map(OptionSpec::longestName)
            .collect(Collectors.joining(", "));
    return positional && !greedy.isEmpty()
        ? ", before the options, for " + greedy + " takes all that follows"
        : "";
  }
}
