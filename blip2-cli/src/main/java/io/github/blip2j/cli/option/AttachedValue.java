package io.github.blip2j.cli.option;

import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Takes an option's optional value only from {@code --option=value}: in {@code --option a.png} the
 * next argument is an image.
 */
final class AttachedValue implements IParameterPreprocessor {
  AttachedValue() {}

  @Override
  @SuppressWarnings("JdkObsolete") // the parser's own choice of collection
  public boolean preprocess(
      Stack<String> args, CommandSpec command, ArgSpec option, Map<String, Object> info) {
    if (!"=".equals(info.get("separator"))) {
      args.push("true");
    }
    return false;
  }
}
