package io.github.blip2j.cli.option;

import io.github.blip2j.generation.EarlyStopping;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Hugging Face's three values of {@code early_stopping}. */
final class EarlyStoppingName implements ITypeConverter<EarlyStopping> {
  EarlyStoppingName() {}

  @Override
  public EarlyStopping convert(String value) {
    return switch (value) {
      case "true" -> EarlyStopping.WHEN_FULL;
      case "false" -> EarlyStopping.HEURISTIC;
      case "never" -> EarlyStopping.NEVER;
      default ->
          throw new TypeConversionException("expected true, false or never, got '" + value + "'");
    };
  }
}
