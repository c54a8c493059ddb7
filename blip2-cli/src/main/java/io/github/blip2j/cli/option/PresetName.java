package io.github.blip2j.cli.option;

import io.github.blip2j.bench.Preset;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the names of {@code --preset}. */
public final class PresetName implements ITypeConverter<Preset> {
  PresetName() {}

  @Override
  public Preset convert(String value) {
    try {
      return Preset.named(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
