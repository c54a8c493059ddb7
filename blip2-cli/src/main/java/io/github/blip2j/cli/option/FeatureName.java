package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.features.Feature;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the names of {@code --kind}. */
public final class FeatureName implements ITypeConverter<Feature> {
  FeatureName() {}

  @Override
  public Feature convert(String value) {
    return Arrays.stream(Feature.values())
        .filter(feature -> feature.toString().equals(value))
        .findFirst()
        .orElseThrow(
            () -> new TypeConversionException("expected " + names() + ", got '" + value + "'"));
  }

  private static String names() {
    return Arrays.stream(Feature.values()).map(Feature::toString).collect(Collectors.joining(", "));
  }
}
