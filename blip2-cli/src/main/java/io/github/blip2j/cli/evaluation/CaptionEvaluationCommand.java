package io.github.blip2j.cli.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.DataName;
import io.github.blip2j.cli.option.DecodingOptions;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.text.DatasetOptions;
import io.github.blip2j.cli.text.DatasetRun;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.cli.text.ResultOptions;
import io.github.blip2j.cli.text.ResultTarget;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.CaptionReport;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.CaptionItems;
import io.github.blip2j.evaluation.data.CaptionResults;
import io.github.blip2j.io.FileKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 evaluate caption}. */
@Command(
    name = "caption",
    description = {
      "Captions the images of a data set, or takes captions of a result file, and prints BLEU, "
          + "CIDEr and ROUGE-L as pycocoevalcap computes them; of NoCaps for each domain too.",
      "METEOR and SPICE are left out: --annotations-out and --out write the files that "
          + "pycocoevalcap reads for them.",
      "After mpirun, ranks share the images."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class CaptionEvaluationCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1",
      paramLabel = "CAPTIONS",
      converter = DataName.class,
      description =
          "COCO's, NoCaps' or Flickr30k's file, or records of {\"image\": path, \"caption\": text or"
              + " texts} in a JSON list, on lines, or in a CSV. "
              + DataName.FORMS)
  private DataFile data = DataFile.of(Path.of(""));

  @Option(
      names = "--references",
      paramLabel = "FILE",
      converter = DataName.class,
      description = "Captions by people of the same image ids, where CAPTIONS has none.")
  private @Nullable DataFile references;

  @Option(
      names = "--results",
      paramLabel = "FILE",
      description =
          "Score these captions, a JSON list of {\"image_id\": id, \"caption\": text}, instead of"
              + " running a model.")
  private @Nullable Path results;

  @Option(
      names = "--annotations-out",
      paramLabel = "FILE",
      description = "Write the captions by people as annotations that pycocoevalcap reads.")
  private @Nullable Path annotationsOut;

  @Option(names = "--prompt", paramLabel = "P", description = "Text that each caption continues.")
  private String prompt = "";

  @Mixin private DatasetOptions dataset = new DatasetOptions();
  @Mixin private ResultOptions resultOptions = new ResultOptions();
  @Mixin private GenerationModelOptions model = new GenerationModelOptions();
  @Mixin private DecodingOptions decoding = new DecodingOptions();

  public CaptionEvaluationCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    var run = new DatasetRun(output, model, decoding, dataset, ranks);
    ResultTarget target = ranks.agreeIo(() -> target(run));
    List<CaptionItem> all =
        ranks.agreeIo(() -> withReferences(CaptionItems.read(data, dataset.folder(data))));
    List<CaptionItem> items = dataset.limited(all);
    List<String> captions =
        results == null ? generated(run, items, target, ranks) : given(all, results, items.size());
    if (ranks.isFirst()) {
      if (annotationsOut != null) {
        CaptionResults.writeReferences(annotationsOut, items);
      }
      print(run, items, CaptionReport.of(items, captions), target);
    }
    return ExitCode.OK;
  }

  private ResultTarget target(DatasetRun run) throws IOException {
    try {
      ResultTarget target = resultOptions.target();
      target.requireNoneOf(inputs());
      if (annotationsOut != null) {
        FileKind.requireNoneOf(inputs(), annotationsOut);
      }
      run.requireAgreement(false);
      if (results != null) {
        model.requireNone("--results");
      }
      if (results != null && target.out() != null) {
        throw new IllegalArgumentException("--results: got --out too; leave one of them out");
      }
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private List<Path> inputs() {
    List<Path> inputs = new ArrayList<>(data.paths());
    if (references != null) {
      inputs.addAll(references.paths());
    }
    if (results != null) {
      inputs.add(results);
    }
    return inputs;
  }

  private List<CaptionItem> withReferences(List<CaptionItem> items) throws IOException {
    List<CaptionItem> complete =
        references == null ? items : CaptionItems.withReferences(items, references);
    for (CaptionItem item : complete) {
      if (item.references().isEmpty()) {
        throw new IOException(
            (references == null ? data : references).path()
                + ": captions expected of every image, got none of "
                + item.id()
                + "; name a file with --references, or use blip2 caption --data");
      }
    }
    return complete;
  }

  private List<String> generated(
      DatasetRun run, List<CaptionItem> items, ResultTarget target, Ranks ranks)
      throws IOException {
    Map<String, String> captions = run.captions(items, data, prompt, target);
    if (target.out() != null && ranks.isFirst()) {
      CaptionResults.write(target.file(), captions);
    }
    return List.copyOf(captions.values());
  }

  private List<String> given(List<CaptionItem> all, Path file, int count) throws IOException {
    Map<String, String> captions = CaptionResults.read(file);
    CaptionResults.requireOf(all, captions, data.path());
    return CaptionResults.of(all.subList(0, count), captions, file);
  }

  private void print(
      DatasetRun run, List<CaptionItem> items, CaptionReport report, ResultTarget target) {
    if (!model.run.json) {
      report
          .domains()
          .forEach((domain, scores) -> console.out().println(ScoreDocument.line(domain, scores)));
      console.out().println(ScoreDocument.line(items.size() + " images", report.all()));
      return;
    }
    JsonObject document =
        ScoreDocument.of("caption", results == null ? model.modelName() : null, data);
    document.addProperty("images", items.size());
    document.add("scores", ScoreDocument.numbers(report.all().named()));
    var domains = new JsonObject();
    report
        .domains()
        .forEach((name, scores) -> domains.add(name, ScoreDocument.numbers(scores.named())));
    document.add("domains", domains);
    document.add("left_out", ScoreDocument.list("METEOR", "SPICE"));
    ScoreDocument.finish(
        document,
        results == null ? target.name() : results.toString(),
        run.earlier(),
        run.milliseconds());
    JsonReport.print(console, document);
  }
}
