package io.github.blip2j.cli;

import io.github.blip2j.tensor.Precision;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command that uses a model on images can be told, whatever the model. */
abstract class ModelOptions {
  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How weights are stored: float32, bfloat16 for half the memory, int8 for a quarter.")
  Precision dtype = Precision.FLOAT32;

  @Option(names = "--exif", description = "Turn photographs upright as their EXIF data asks.")
  boolean exif;

  @Mixin RunOptions run = new RunOptions();
}
