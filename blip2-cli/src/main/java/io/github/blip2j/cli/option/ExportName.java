package io.github.blip2j.cli.option;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The format that a trained model is written in, and its folder within that of the run. */
public enum ExportName {
  LAVIS("lavis"),
  LAVIS_TRAINED("lavis-trained"),
  HUGGING_FACE("hf"),
  LIBRARY("blip2j"),
  PEFT("peft");

  private final String label;

  ExportName(String label) {
    this.label = label;
  }

  /** Reads the option. */
  public static final class Converter implements ITypeConverter<ExportName> {
    Converter() {}

    @Override
    public ExportName convert(String value) {
      for (ExportName name : values()) {
        if (name.label.equals(value)) {
          return name;
        }
      }
      throw new TypeConversionException(
          "export expected lavis, lavis-trained, hf, blip2j or peft, got " + value);
    }
  }

  @Override
  public String toString() {
    return label;
  }
}
