package io.github.blip2j.cli;

import io.github.blip2j.blip2.Flavour;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code --flavour}. */
final class FlavourName implements ITypeConverter<Flavour> {
  FlavourName() {}

  @Override
  public Flavour convert(String value) {
    return switch (value) {
      case "lavis" -> Flavour.LAVIS;
      case "hf" -> Flavour.HF;
      default -> throw new TypeConversionException("flavour expected lavis or hf, got " + value);
    };
  }
}
