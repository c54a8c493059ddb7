package io.github.blip2j.cli.option;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The schedules of the learning rate. */
public enum ScheduleName {
  COSINE,
  STEP,
  CONSTANT,
  STEPWISE;

  /** Reads the option. */
  public static final class Converter implements ITypeConverter<ScheduleName> {
    Converter() {}

    @Override
    public ScheduleName convert(String value) {
      for (ScheduleName name : values()) {
        if (name.toString().equals(value)) {
          return name;
        }
      }
      throw new TypeConversionException(
          "schedule expected cosine, step, constant or stepwise, got " + value);
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
