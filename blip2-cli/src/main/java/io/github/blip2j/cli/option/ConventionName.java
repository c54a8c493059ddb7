package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.model.Convention;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code --convention}. */
final class ConventionName implements ITypeConverter<Convention> {
  ConventionName() {}

  @Override
  public Convention convert(String value) {
    return switch (value) {
      case "lavis" -> Convention.LAVIS;
      case "hf" -> Convention.HF;
      default -> throw new TypeConversionException("convention expected lavis or hf, got " + value);
    };
  }
}
