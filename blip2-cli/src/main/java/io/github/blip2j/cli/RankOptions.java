package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.tensor.Precision;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model that {@code blip2 rank} asks. */
final class RankOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = {
        "Folder of a BLIP-2 model or the id of a downloaded one; without it, a tiny model of drawn",
        "scenes."
      })
  @Nullable ModelName model;

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

  /** What the model is called in results. */
  String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  Blip2 load() throws IOException {
    return model == null ? Blip2.bundled(dtype) : Blip2.load(model.path(), dtype);
  }
}
