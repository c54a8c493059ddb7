package io.github.blip2j.cli.text;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The result file, and what is kept beside it of a run that is stopped. */
public final class JournalOptions {
  @Option(
      names = "--out",
      paramLabel = "FILE.json",
      description =
          "Write the results to a file, as benchmarks and LAVIS want them. Beside it, a .journal"
              + " keeps what is computed: the same command resumes a stopped run.")
  private @Nullable Path out;

  @Option(names = "--overwrite", description = "With --out: begin anew instead of resuming.")
  private boolean overwrite;

  /** Whether any of them is given. */
  boolean areGiven() {
    return out != null || overwrite;
  }

  /**
   * The options as a value.
   *
   * @param batchSize of images or questions, or null for the default
   * @throws IllegalArgumentException if they contradict each other
   */
  public ResultTarget target(@Nullable Integer batchSize) {
    return new ResultTarget(out, overwrite, batchSize);
  }
}
