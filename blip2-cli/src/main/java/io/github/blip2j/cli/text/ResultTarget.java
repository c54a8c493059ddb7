package io.github.blip2j.cli.text;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.RunJournal;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where results of a data set go, and what is kept of a run that is stopped.
 *
 * @param out the result file, or null for none
 * @param anew whether earlier results are thrown away
 * @param batchSize of images or questions, or null for the default
 */
public record ResultTarget(@Nullable Path out, boolean anew, @Nullable Integer batchSize) {
  /** Checks the combination. */
  public ResultTarget {
    if (out == null && anew) {
      throw new IllegalArgumentException("--overwrite: --out expected too, got none");
    }
    if (out != null && !out.toString().toLowerCase(Locale.ROOT).endsWith(".json")) {
      throw new IllegalArgumentException("--out: file name expected to end in .json, got " + out);
    }
    if (batchSize != null && batchSize < 1) {
      throw new IllegalArgumentException("--batch-size: 1 or more expected, got " + batchSize);
    }
  }

  /**
   * The journal beside the result file; checks that both can be written.
   *
   * @param settings what the results depend on
   */
  private RunJournal journal(Map<String, String> settings) throws IOException {
    if (out == null) {
      return RunJournal.inMemory();
    }
    OutputFile.require(out);
    return RunJournal.open(out.resolveSibling(out.getFileName() + ".journal"), settings, anew);
  }

  /**
   * The same of the first rank, and one in memory for the others, whose results it keeps.
   *
   * @throws IllegalArgumentException on all ranks, if their settings differ
   */
  public RunJournal journal(Map<String, String> settings, Ranks ranks) throws IOException {
    ranks.requireEqual("settings", settings.toString());
    return ranks.agreeIo(() -> ranks.isFirst() ? journal(settings) : RunJournal.inMemory());
  }

  /**
   * Checks that the results do not replace what the command reads.
   *
   * @param inputs files and folders; they need not exist
   * @throws IllegalArgumentException if the result file is one of them
   */
  public void requireNoneOf(Collection<Path> inputs) throws IOException {
    if (out != null) {
      FileKind.requireNoneOf(inputs, out);
    }
  }

  /** The result file, where one is required. */
  public Path file() {
    if (out == null) {
      throw new IllegalArgumentException("--out: a result file expected, got none");
    }
    return out;
  }

  /** The name of the result file in results, or null. */
  public @Nullable String name() {
    return out == null ? null : out.toString();
  }
}
