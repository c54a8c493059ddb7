package io.github.blip2j.cli;

import io.github.blip2j.tensor.DType;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The types that weights may be stored in. */
final class WeightType implements ITypeConverter<DType> {
  WeightType() {}

  @Override
  public DType convert(String value) {
    return switch (value) {
      case "float32" -> DType.FLOAT32;
      case "bfloat16" -> DType.BFLOAT16;
      default ->
          throw new TypeConversionException("expected float32 or bfloat16, got '" + value + "'");
    };
  }

  /** What {@link #convert} reads as this type. */
  static String nameOf(DType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
