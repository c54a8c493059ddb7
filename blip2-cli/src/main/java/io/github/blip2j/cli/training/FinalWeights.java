package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.training.CheckpointFolder;
import io.github.blip2j.training.WeightAverage;
import io.github.blip2j.training.validation.Validation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The weights that are exported at the end of a run: the best or the last ones, or averages. */
final class FinalWeights {
  private final Path out;
  private final List<Parameter> parameters;
  private final @Nullable WeightAverage average;

  /** The weights of a run in a folder. */
  FinalWeights(Path out, List<Parameter> parameters, @Nullable WeightAverage average) {
    this.out = out;
    this.parameters = parameters;
    this.average = average;
  }

  /** Weights in a model, until it is closed. */
  @FunctionalInterface
  interface Chosen extends AutoCloseable {
    @Override
    void close();
  }

  /** Puts them into the model. */
  Chosen choose(boolean best, Console console) throws IOException {
    Path file = out.resolve(Validation.BEST + ".safetensors");
    if (best && Files.exists(file)) {
      console.note("exporting the best checkpoint" + (average == null ? "" : ", averaged"));
      if (average == null) {
        CheckpointFolder.loadParameters(file, parameters);
      } else {
        CheckpointFolder.loadAverages(file, parameters);
      }
      return () -> {};
    }
    if (best) {
      console.complain(
          "best checkpoint expected, got none, because no validation had a finite value; exporting"
              + " the last weights");
    }
    if (average != null) {
      console.note("exporting averaged weights");
      return average.swapIn()::close;
    }
    return () -> {};
  }
}
