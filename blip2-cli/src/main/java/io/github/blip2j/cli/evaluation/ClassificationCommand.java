package io.github.blip2j.cli.evaluation;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.cli.option.ModelIdentity;
import io.github.blip2j.cli.text.DatasetOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.cli.text.ResultOptions;
import io.github.blip2j.cli.text.ResultTarget;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.ClassificationTask;
import io.github.blip2j.evaluation.ImageFolder;
import io.github.blip2j.evaluation.RunJournal;
import io.github.blip2j.evaluation.data.ClassNames;
import io.github.blip2j.evaluation.data.LabelledImage;
import io.github.blip2j.evaluation.data.LabelledImages;
import io.github.blip2j.evaluation.data.PromptTemplates;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.metrics.TopK;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 evaluate classify}. */
@Command(
    name = "classify",
    description = {
      "Classifies images without training examples, by the similarity (itc) with the names of"
          + " classes in prompts, and prints how often the right class is the best and among the"
          + " best five.",
      "After mpirun, ranks share the images."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class ClassificationCommand implements Callable<Integer> {
  private final Console console;
  private final Timings timings = new Timings("load", "compute");
  private int earlier;

  @Parameters(
      arity = "1",
      paramLabel = "FOLDER|LABELS",
      description =
          "A folder with a folder of images for each class, or a JSON list, lines, CSV or TSV of"
              + " {\"image\": path, \"label\": number, key or name of the class}.")
  private Path data = Path.of("");

  @Option(
      names = "--classes",
      required = true,
      paramLabel = "FILE",
      description =
          "The class names, one on each line in the order of their numbers; or a key, a tab and a"
              + " name, where folders and labels have keys such as n01440764.")
  private Path classes = Path.of("");

  @Option(
      names = "--templates",
      paramLabel = "FILE",
      description = "Prompts, one on each line, {} where the name goes; by default CLIP's 80.")
  private @Nullable Path templates;

  @Mixin private DatasetOptions dataset = new DatasetOptions();
  @Mixin private ResultOptions resultOptions = new ResultOptions();
  @Mixin private MatcherOptions options = new MatcherOptions();

  public ClassificationCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    ResultTarget target = ranks.agreeIo(this::target);
    ClassNames names = ranks.agreeIo(() -> ClassNames.read(classes));
    PromptTemplates prompts =
        ranks.agreeIo(
            () -> templates == null ? PromptTemplates.clip() : PromptTemplates.read(templates));
    List<LabelledImage> images = ranks.agreeIo(() -> images(names));
    List<List<Integer>> best = classified(images, names, prompts, target, output, ranks);
    if (ranks.isFirst()) {
      report(images, names, prompts, best, target);
    }
    return ExitCode.OK;
  }

  private ResultTarget target() throws IOException {
    try {
      options.prepare();
      dataset.requireAgreement();
      ResultTarget target = resultOptions.target();
      target.requireNoneOf(List.of(data, classes, templates == null ? classes : templates));
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private List<LabelledImage> images(ClassNames names) throws IOException {
    return dataset.limited(
        Files.isDirectory(data)
            ? LabelledImages.folder(data, names)
            : LabelledImages.read(data, names));
  }

  private void report(
      List<LabelledImage> images,
      ClassNames names,
      PromptTemplates prompts,
      List<List<Integer>> best,
      ResultTarget target)
      throws IOException {
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      int place = best.get(i).indexOf(images.get(i).label());
      places.add(place < 0 ? names.size() : place);
    }
    if (target.out() != null) {
      write(target.file(), images, names, best);
    }
    print(TopK.of(places), images.size(), names.size(), prompts.templates().size(), target);
  }

  private List<List<Integer>> classified(
      List<LabelledImage> images,
      ClassNames names,
      PromptTemplates prompts,
      ResultTarget target,
      Console output,
      Ranks ranks)
      throws IOException {
    Path base = Files.isDirectory(data) ? data : dataset.folder(DataFile.of(data));
    Map<String, String> settings = ranks.agreeIo(() -> settings(base, images));
    try (RunJournal journal = target.journal(settings, ranks);
        var progress = Progress.on(output)) {
      progress.doing("loading " + options.modelName());
      try (ImageTextMatcher loaded = ranks.agreeIo(() -> timings.time("load", options::load))) {
        ImageTextMatcher matcher = loaded.withExifRotation(options.exif);
        progress.doing("encoding " + names.size() + " classes");
        var remaining = new Remaining("images");
        ClassificationTask task =
            ClassificationTask.of(matcher)
                .withTemplates(prompts)
                .among(ranks)
                .onProgress(
                    (done, before, of) -> {
                      earlier = before;
                      progress.doing(remaining.at(done, of));
                    });
        @Nullable Integer batch = target.batchSize();
        ClassificationTask sized = batch == null ? task : task.withBatchSize(batch);
        var folder = new ImageFolder(base, matcher::read);
        return timings.time("compute", () -> sized.run(images, names, folder, journal));
      }
    }
  }

  private Map<String, String> settings(Path base, List<LabelledImage> images) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("task", "CLASSIFY");
    settings.put("model", options.modelName() + " " + options.identity());
    settings.put("classes", ModelIdentity.ofContent(classes));
    settings.put("templates", templates == null ? "clip" : ModelIdentity.ofContent(templates));
    settings.put("exif", Boolean.toString(options.exif));
    settings.put("images", ModelIdentity.ofImages(base, images.get(0).image()));
    return settings;
  }

  private static void write(
      Path file, List<LabelledImage> images, ClassNames names, List<List<Integer>> best)
      throws IOException {
    var list = new JsonArray();
    for (int i = 0; i < images.size(); i++) {
      var record = new JsonObject();
      record.addProperty("image", images.get(i).image());
      record.addProperty("label", names.keys().get(images.get(i).label()));
      var found = new JsonArray();
      best.get(i).forEach(number -> found.add(names.keys().get(number)));
      record.add("best", found);
      list.add(record);
    }
    OutputFile.write(file, list + "\n");
  }

  private void print(TopK scores, int images, int classCount, int prompts, ResultTarget target) {
    if (!options.run.json) {
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%d images of %d classes: top-1 %.2f, top-5 %.2f",
                  images,
                  classCount,
                  scores.top1(),
                  scores.top5()));
      return;
    }
    JsonObject document = ScoreDocument.of("classify", options.modelName(), data);
    document.addProperty("images", images);
    document.addProperty("classes", classCount);
    document.addProperty("templates", prompts);
    var numbers = new JsonObject();
    numbers.addProperty("top1", scores.top1());
    numbers.addProperty("top5", scores.top5());
    document.add("scores", numbers);
    ScoreDocument.finish(document, target.name(), earlier, timings.milliseconds());
    JsonReport.print(console, document);
  }
}
