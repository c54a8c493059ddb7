package io.github.blip2j.cli.text;

import io.github.blip2j.data.DataFile;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What of a data set is used, and where its images are. */
public final class DatasetOptions {
  @Option(
      names = "--images",
      paramLabel = "DIR",
      description =
          "The folder that the images' paths are relative to; that of the data file by default.")
  @Nullable Path images;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Use the first N images or questions only; scores are of these.")
  @Nullable Integer limit;

  /** Whether any of them is given. */
  boolean areGiven() {
    return images != null || limit != null;
  }

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if the limit is not positive
   */
  public void requireAgreement() {
    if (limit != null && limit < 1) {
      throw new IllegalArgumentException("--limit: number expected at least 1, got " + limit);
    }
  }

  /** The folder of the images. */
  public Path folder(DataFile data) {
    return images == null ? data.path().resolveSibling("") : images;
  }

  /** The number of items that are used, or null for all. */
  public @Nullable Integer limit() {
    return limit;
  }

  /** The items that are used. */
  public <T> List<T> limited(List<T> items) {
    return limit == null || limit >= items.size() ? items : List.copyOf(items.subList(0, limit));
  }
}
