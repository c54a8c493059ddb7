package io.github.blip2j.cli.text;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where results of a data set go. */
public final class ResultOptions {
  @Option(
      names = "--out",
      paramLabel = "FILE.json",
      description =
          "Write the results to a file, as benchmarks and LAVIS want them. Beside it, a .journal"
              + " keeps what is computed: the same command resumes a stopped run.")
  private @Nullable Path out;

  @Option(names = "--overwrite", description = "With --out: begin anew instead of resuming.")
  private boolean overwrite;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Images or questions in a batch; 8 by default.")
  private @Nullable Integer batchSize;

  /** Whether any of them is given. */
  boolean areGiven() {
    return out != null || overwrite || batchSize != null;
  }

  /**
   * The options as a value.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  public ResultTarget target() {
    return new ResultTarget(out, overwrite, batchSize);
  }
}
