package io.github.blip2j.cli.option;

import io.github.blip2j.data.DataFile;
import java.nio.file.InvalidPathException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code FILE}, {@code QUESTIONS+ANNOTATIONS} and {@code FILE@SPLIT}. */
public final class DataName implements ITypeConverter<DataFile> {
  /** What these names are, for descriptions of options. */
  public static final String FORMS =
      "Any file that training reads; QUESTIONS+ANNOTATIONS joins, FILE@test takes a split.";

  @Override
  public DataFile convert(String value) {
    try {
      return DataFile.parse(value);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("file name expected, got '" + value + "'");
    }
  }
}
