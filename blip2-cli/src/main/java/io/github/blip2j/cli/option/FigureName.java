package io.github.blip2j.cli.option;

import io.github.blip2j.bench.Figure;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the names of {@code --figures}. */
public final class FigureName implements ITypeConverter<Figure> {
  FigureName() {}

  @Override
  public Figure convert(String value) {
    try {
      return Figure.named(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
