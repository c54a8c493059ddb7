package io.github.blip2j.cli.search;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.io.hub.HubCache;
import io.github.blip2j.search.ContactSheet;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 search}. */
@Command(
    name = "search",
    description = {
      "Finds photos of an index that blip2 index made: by a text, by a picture, or duplicates.",
      "The score of a text is the largest cosine of a photo's queries with it, the itc of blip2 "
          + "match; that of a picture is the mean cosine, 1 for the same picture."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class SearchCommand implements Callable<Integer> {
  private static final double USUAL_THRESHOLD = 0.95;
  private static final int USUAL_TOP = 10;

  private final Console console;
  private final HubCache cache;

  @Parameters(arity = "0..*", paramLabel = "TEXT", description = "What the photos show.")
  List<String> words = new ArrayList<>();

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "Find photos like this picture; - for standard input.")
  @Nullable String image;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description =
          "The index; by default .blip2-index in this folder or the nearest one above it.")
  @Nullable Path index;

  @Option(names = "--top", paramLabel = "N", description = "Results; 10 by default.")
  @Nullable Integer top;

  @Option(
      names = "--rerank",
      paramLabel = "K",
      description =
          "Look at the best K again, each together with the text, and sort them by itc + the logit "
              + "of itm; the photos are read for that. 0, the default, leaves it out.")
  int rerank;

  @Option(
      names = "--exact",
      description = "Compare all photos in float32; in bytes first by default.")
  boolean exact;

  @Option(
      names = "--folder",
      paramLabel = "GLOB",
      description =
          "Only photos in a folder of this name and the folders in it, as in 2023, 'trips/*' or "
              + "'/home/me/**/cats'.")
  @Nullable String folder;

  @Option(
      names = "--after",
      paramLabel = "DATE",
      description =
          "Only photos of this day or later, as 2023-05-31: by EXIF data or else the file's time.")
  @Nullable String after;

  @Option(names = "--before", paramLabel = "DATE", description = "Only photos before this day.")
  @Nullable String before;

  @Option(
      names = "--duplicates",
      description =
          "List all photos that are alike, in groups, instead of a search; needs no model, and takes "
              + "no filter.")
  boolean duplicates;

  @Option(
      names = "--threshold",
      paramLabel = "S",
      description =
          "With --duplicates: the least similarity; 0.95 by default, 1 for files of equal content.")
  @Nullable Double threshold;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write the results as one HTML page with thumbnails, too.")
  @Nullable Path html;

  @Mixin MatcherOptions options = new MatcherOptions();

  /** With a console; ids of models are looked up in the cache. */
  public SearchCommand(Console console, HubCache cache) {
    this.console = console;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException {
    try {
      requireAgreement();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (html != null) {
      ContactSheet.KIND.require(html);
    }
    PhotoIndex opened = PhotoIndex.open(place());
    useModelOf(opened, options, cache);
    return new SearchRun(this, console).run(opened);
  }

  /** The model that an index was made with, if no other is named. */
  static void useModelOf(PhotoIndex index, MatcherOptions options, HubCache cache) {
    String name = index.model().name();
    if (options.model == null && !name.equals(MatcherEmbedder.BUNDLED)) {
      options.model = new ModelName(name, cache);
    }
  }

  private void requireAgreement() {
    options.run.prepare();
    int kinds = (words.isEmpty() ? 0 : 1) + (image == null ? 0 : 1) + (duplicates ? 1 : 0);
    if (kinds != 1) {
      throw new IllegalArgumentException(
          "search: a text, --image or --duplicates expected, got "
              + (kinds == 0 ? "none of them" : "several of them"));
    }
    if (threshold != null && !duplicates) {
      throw new IllegalArgumentException(
          "--threshold: --duplicates expected beside it, got a search; leave it out");
    }
    if (duplicates) {
      requireAll();
    }
    if (rerank > 0 && words.isEmpty()) {
      throw new IllegalArgumentException("--rerank: a text expected beside it, got none");
    }
    after();
    before();
  }

  /** Duplicates are looked for among all photos. */
  private void requireAll() {
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("--folder", folder != null);
    given.put("--after", after != null);
    given.put("--before", before != null);
    given.put("--top", top != null);
    given.put("--exact", exact);
    given.forEach(
        (option, isGiven) -> {
          if (isGiven) {
            throw new IllegalArgumentException(
                option
                    + ": a text or --image expected beside it, got --duplicates, which compares all"
                    + " photos; leave it out");
          }
        });
  }

  int top() {
    return top == null ? USUAL_TOP : top;
  }

  double threshold() {
    return threshold == null ? USUAL_THRESHOLD : threshold;
  }

  @Nullable Instant after() {
    return after == null ? null : day("--after", after);
  }

  @Nullable Instant before() {
    return before == null ? null : day("--before", before);
  }

  private static Instant day(String option, String text) {
    try {
      return LocalDate.parse(text).atStartOfDay(ZoneId.systemDefault()).toInstant();
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(option + ": day expected as 2023-05-31, got " + text, e);
    }
  }

  /** The index's folder: named, or the nearest from the working folder upwards. */
  private Path place() {
    if (index != null) {
      return index;
    }
    Path here = Path.of("").toAbsolutePath();
    for (@Nullable Path folder = here; folder != null; folder = folder.getParent()) {
      if (PhotoIndex.isIn(PhotoIndex.usualFolder(folder))) {
        return PhotoIndex.usualFolder(folder);
      }
    }
    return PhotoIndex.usualFolder(here);
  }
}
