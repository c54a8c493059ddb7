package io.github.blip2j.cli.text;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where results of a data set go. */
public final class ResultOptions {
  @Mixin private JournalOptions journal = new JournalOptions();

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Images or questions in a batch; 8 by default.")
  private @Nullable Integer batchSize;

  /** Whether any of them is given. */
  boolean areGiven() {
    return journal.areGiven() || batchSize != null;
  }

  /**
   * The options as a value.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  public ResultTarget target() {
    return journal.target(batchSize);
  }
}
