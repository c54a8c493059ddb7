package io.github.blip2j.cli.evaluation;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.evaluation.ImageFolder;
import io.github.blip2j.evaluation.RetrievalTask;
import io.github.blip2j.qformer.retrieval.Recall;
import io.github.blip2j.qformer.retrieval.RetrievalScores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 evaluate retrieval}: recall of texts for images and of images for texts. */
@Command(
    name = "retrieval",
    description = {
      "Retrieves captions for each image and images for each caption, and prints "
          + "recall at 1, 5 and 10 in percent.",
      "Captions are cleaned as LAVIS does: lower case, without most punctuation, at "
          + "most 50 words and 35 tokens."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class RetrievalCommand implements Callable<Integer> {
  private final Console console;
  private final Timings timings = new Timings("load", "index", "rank");

  @Parameters(
      arity = "1",
      paramLabel = "IMAGES.json",
      description =
          "A JSON list, or lines, of {\"image\": path, \"caption\": text or texts}; records "
              + "of one path are one image.")
  private Path captions = Path.of("");

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The folder that paths are relative to; that of IMAGES.json by default.")
  private @Nullable Path images;

  @Option(
      names = "--k",
      paramLabel = "N",
      description = "How many of the most similar are re-ranked by itm; default: ${DEFAULT-VALUE}.")
  private int k = RetrievalTask.CANDIDATES;

  @Mixin private MatcherOptions options = new MatcherOptions();

  public RetrievalCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try {
      options.prepare();
      if (k < 1) {
        throw new IllegalArgumentException("--k: number expected at least 1, got " + k);
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    RetrievalSet set = RetrievalSet.of(CaptionFile.read(captions));
    Path folder = images == null ? captions.resolveSibling("") : images;
    set.files(folder);
    RetrievalScores scores;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.modelName());
      try (ImageTextMatcher loaded = timings.time("load", options::load)) {
        ImageTextMatcher matcher = loaded.withExifRotation(options.exif);
        scores = scores(set, folder, matcher, progress);
      }
    }
    if (options.run.json) {
      JsonReport.print(console, document(set, scores));
    } else {
      console.out().println(line("texts of images", scores.text()));
      console.out().println(line("images of texts", scores.image()));
      console.out().println(String.format(Locale.ROOT, "mean: %.2f", scores.mean()));
    }
    return ExitCode.OK;
  }

  private RetrievalScores scores(
      RetrievalSet set, Path folder, ImageTextMatcher matcher, Progress progress)
      throws IOException {
    Map<RetrievalTask.Part, Remaining> remaining =
        Map.of(
            RetrievalTask.Part.IMAGES, new Remaining("images"),
            RetrievalTask.Part.TEXTS, new Remaining("texts"),
            RetrievalTask.Part.MATCHING, new Remaining("images matched"));
    long start = System.nanoTime();
    long[] indexed = {start};
    RetrievalScores scores =
        RetrievalTask.of(matcher)
            .withCandidates(k)
            .onProgress(
                (part, done, of) -> {
                  if (part == RetrievalTask.Part.MATCHING && indexed[0] == start) {
                    indexed[0] = System.nanoTime();
                  }
                  progress.doing(Objects.requireNonNull(remaining.get(part)).at(done, of));
                })
            .run(set, new ImageFolder(folder, matcher::read));
    timings.add("index", indexed[0] - start);
    timings.add("rank", System.nanoTime() - indexed[0]);
    return scores;
  }

  private static String line(String what, Recall recall) {
    return String.format(
        Locale.ROOT,
        "%s: recall at 1 %.2f, at 5 %.2f, at 10 %.2f, mean %.2f",
        what,
        recall.at1(),
        recall.at5(),
        recall.at10(),
        recall.mean());
  }

  /** The scores under LAVIS's names. */
  private JsonObject document(RetrievalSet set, RetrievalScores scores) {
    var named = new JsonObject();
    add(named, "txt", scores.text());
    add(named, "img", scores.image());
    named.addProperty("r_mean", scores.mean());
    var document = new JsonObject();
    document.addProperty("model", options.modelName());
    document.addProperty("images", set.images().size());
    document.addProperty("texts", set.texts().size());
    document.addProperty("k", k);
    document.add("scores", named);
    document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
    return document;
  }

  private static void add(JsonObject named, String side, Recall recall) {
    named.addProperty(side + "_r1", recall.at1());
    named.addProperty(side + "_r5", recall.at5());
    named.addProperty(side + "_r10", recall.at10());
    named.addProperty(side + "_r_mean", recall.mean());
  }
}
