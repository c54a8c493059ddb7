package io.github.blip2j.cli.option;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.tensor.types.Precision;
import picocli.CommandLine.Option;

/** The option of every command that loads models about their weights. */
public final class WeightOptions {
  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How weights are stored: float32, bfloat16 for half the memory, int8 for a quarter.")
  Precision dtype = Precision.FLOAT32;

  /** How models are loaded for a run. */
  public LoadOptions loading(RunOptions run) {
    return LoadOptions.of(dtype).withBackend(run.backend());
  }
}
