package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.tensor.types.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that runs a model on images, of any kind of model. */
public abstract class ModelOptions {
  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How weights are stored: float32, bfloat16 for half the memory, int8 for a quarter.")
  public Precision dtype = Precision.FLOAT32;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "Folder of a LoRA adapter as peft saves it, merged into the weights. One "
              + "inside the model's own folder needs no naming.")
  @Nullable Path adapter;

  @Option(
      names = "--ignore-unexpected-keys",
      description = "Load weights that hold tensors the model has no use for, and list those.")
  boolean ignoreUnexpectedKeys;

  @Option(names = "--exif", description = "Turn photographs upright as their EXIF data asks.")
  public boolean exif;

  @Mixin public RunOptions run = new RunOptions();

  /** How the model is loaded. */
  public LoadOptions loading() {
    LoadOptions options = LoadOptions.of(dtype).withBackend(run.backend());
    options = adapter == null ? options : options.withAdapter(adapter);
    return ignoreUnexpectedKeys ? options.leavingOutUnexpected() : options;
  }

  /** The adapter as a list; empty without one. */
  List<Path> adapters() {
    return adapter == null ? List.of() : List.of(adapter);
  }

  /** Checks the options that need a named model. */
  void requireModel(boolean named) {
    if (!named && (adapter != null || ignoreUnexpectedKeys)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: --model expected beside it, got the bundled model",
              adapter == null ? "--ignore-unexpected-keys" : "--adapter"));
    }
  }
}
