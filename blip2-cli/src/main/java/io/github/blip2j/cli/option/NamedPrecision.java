package io.github.blip2j.cli.option;

import io.github.blip2j.tensor.types.Precision;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the names of {@code --dtype}. */
public final class NamedPrecision implements ITypeConverter<Precision> {
  NamedPrecision() {}

  @Override
  public Precision convert(String value) {
    return Arrays.stream(Precision.values())
        .filter(precision -> precision.toString().equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected float32, bfloat16 or int8, got '" + value + "'"));
  }
}
