package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that runs a model on images, of any kind of model. */
public abstract class ModelOptions {
  @Mixin WeightOptions weights = new WeightOptions();

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
    LoadOptions options = weights.loading(run);
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
