package io.github.blip2j.cli.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.DataName;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.cli.option.ModelIdentity;
import io.github.blip2j.cli.text.DatasetOptions;
import io.github.blip2j.cli.text.JournalOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.cli.text.ResultTarget;
import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.ImageFolder;
import io.github.blip2j.evaluation.RetrievalReport;
import io.github.blip2j.evaluation.RetrievalTask;
import io.github.blip2j.evaluation.RunJournal;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.qformer.retrieval.Recall;
import io.github.blip2j.qformer.retrieval.RetrievalScores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
          + "most 50 words and 35 tokens.",
      "After mpirun, ranks share the images."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class RetrievalCommand implements Callable<Integer> {
  private final Console console;
  private final Timings timings = new Timings("load", "index", "rank");
  private int earlier = -1;

  @Parameters(
      arity = "1",
      paramLabel = "CAPTIONS",
      converter = DataName.class,
      description =
          "COCO's or Flickr30k's file, or records of {\"image\": path, \"caption\": text or texts} in a"
              + " JSON list, on lines, or in a CSV; records of one path are one image. "
              + DataName.FORMS)
  private DataFile captions = DataFile.of(Path.of(""));

  @Option(
      names = "--k",
      paramLabel = "N",
      description =
          "How many of the most similar are re-ranked by itm, or 0 for similarity alone; default:"
              + " ${DEFAULT-VALUE}.")
  private int k = RetrievalTask.CANDIDATES;

  @Mixin private DatasetOptions dataset = new DatasetOptions();
  @Mixin private JournalOptions journalOptions = new JournalOptions();
  @Mixin private MatcherOptions options = new MatcherOptions();

  public RetrievalCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    ResultTarget target = ranks.agreeIo(this::target);
    RetrievalSet set = ranks.agreeIo(this::set);
    RetrievalReport report = report(set, target, output, ranks);
    if (ranks.isFirst()) {
      print(set, report, target);
    }
    return ExitCode.OK;
  }

  private ResultTarget target() throws IOException {
    try {
      options.prepare();
      dataset.requireAgreement();
      ResultTarget target = journalOptions.target(null);
      target.requireNoneOf(captions.paths());
      if (k < 0) {
        throw new IllegalArgumentException("--k: number expected at least 0, got " + k);
      }
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private RetrievalSet set() throws IOException {
    Path folder = dataset.folder(captions);
    @Nullable Integer limit = dataset.limit();
    RetrievalSet all = RetrievalSet.of(CaptionFile.read(captions, folder));
    RetrievalSet set = limit == null ? all : all.first(limit);
    set.files(folder);
    return set;
  }

  private void print(RetrievalSet set, RetrievalReport report, ResultTarget target)
      throws IOException {
    if (target.out() != null) {
      OutputFile.write(target.file(), RetrievalResults.text(set, report));
    }
    RetrievalScores scores = report.scores();
    if (options.run.json) {
      JsonReport.print(console, document(set, report, target));
    } else {
      console.out().println(line("texts of images", scores.text()));
      console.out().println(line("images of texts", scores.image()));
      console.out().println(String.format(Locale.ROOT, "mean: %.2f", scores.mean()));
    }
  }

  private Map<String, String> settings(RetrievalSet set) throws IOException {
    Path folder = dataset.folder(captions);
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("task", "RETRIEVE");
    settings.put("model", options.modelName() + " " + options.identity());
    settings.put("data", ModelIdentity.ofContent(captions));
    settings.put("images", Integer.toString(set.images().size()));
    settings.put("first", ModelIdentity.ofImages(folder, set.images().get(0)));
    settings.put("image_sizes", ModelIdentity.ofSizes(folder, set.images()));
    settings.put("k", Integer.toString(k));
    settings.put("exif", Boolean.toString(options.exif));
    return settings;
  }

  private RetrievalReport report(RetrievalSet set, ResultTarget target, Console output, Ranks ranks)
      throws IOException {
    Map<String, String> settings = ranks.agreeIo(() -> settings(set));
    try (RunJournal journal = target.journal(settings, ranks);
        var progress = Progress.on(output)) {
      progress.doing("loading " + options.modelName());
      try (ImageTextMatcher loaded = ranks.agreeIo(() -> timings.time("load", options::load))) {
        ImageTextMatcher matcher = loaded.withExifRotation(options.exif);
        RetrievalTask task = RetrievalTask.of(matcher).withCandidates(k).among(ranks);
        return report(
            set, new ImageFolder(dataset.folder(captions), matcher::read), task, progress, journal);
      }
    }
  }

  private RetrievalReport report(
      RetrievalSet set,
      ImageFolder images,
      RetrievalTask task,
      Progress progress,
      RunJournal journal)
      throws IOException {
    Map<RetrievalTask.Part, Remaining> remaining =
        Map.of(
            RetrievalTask.Part.IMAGES, new Remaining("images"),
            RetrievalTask.Part.TEXTS, new Remaining("texts"),
            RetrievalTask.Part.MATCHING, new Remaining("images matched"));
    long start = System.nanoTime();
    long[] indexed = {start};
    RetrievalReport report =
        task.onProgress(
                (part, done, of) -> {
                  earlier = earlier < 0 ? done : earlier;
                  if (part == RetrievalTask.Part.MATCHING && indexed[0] == start) {
                    indexed[0] = System.nanoTime();
                  }
                  progress.doing(Objects.requireNonNull(remaining.get(part)).at(done, of));
                })
            .run(set, images, journal);
    timings.add("index", indexed[0] - start);
    timings.add("rank", System.nanoTime() - indexed[0]);
    return report;
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

  private JsonObject document(RetrievalSet set, RetrievalReport report, ResultTarget target) {
    JsonObject document = ScoreDocument.of("retrieval", options.modelName(), captions);
    document.addProperty("images", set.images().size());
    document.addProperty("texts", set.texts().size());
    document.addProperty("k", k);
    document.add("scores", ScoreDocument.numbers(report.named()));
    ScoreDocument.finish(document, target.name(), earlier, timings.milliseconds());
    return document;
  }
}
