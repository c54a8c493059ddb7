package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Threads;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The model that {@code blip2 rank} asks. */
final class RankOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a BLIP-2 model; without it, a tiny model of drawn scenes.")
  @Nullable Path model;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How weights are stored: float32, bfloat16 for half the memory, int8 for a quarter.")
  Precision dtype = Precision.FLOAT32;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the native libraries; all cores by default.")
  @Nullable Integer threads;

  @Option(names = "--exif", description = "Turn photographs upright as their EXIF data asks.")
  boolean exif;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(names = "--debug", description = "Log more, and show where errors come from.")
  boolean debug;

  /** What the model is called in results. */
  String modelName() {
    return model == null ? "bundled" : model.toString();
  }

  Blip2 load() throws IOException {
    return model == null ? Blip2.bundled(dtype) : Blip2.load(model, dtype);
  }

  /** Sets what concerns the whole process. */
  void prepare() {
    if (debug) {
      LogSettings.debug();
    }
    if (threads != null) {
      Threads.choose(threads);
    }
  }
}
