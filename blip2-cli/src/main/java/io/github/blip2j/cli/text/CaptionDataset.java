package io.github.blip2j.cli.text;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.CaptionItems;
import io.github.blip2j.evaluation.data.CaptionResults;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ExitCode;

/** {@code caption --data}: captions of a data set to a result file. */
final class CaptionDataset {
  private final Console console;
  private final TextOptions options;
  private final DatasetOptions dataset;
  private final ResultTarget target;
  private final Ranks ranks;

  CaptionDataset(
      Console console,
      TextOptions options,
      DatasetOptions dataset,
      ResultTarget target,
      Ranks ranks) {
    this.console = console;
    this.options = options;
    this.dataset = dataset;
    this.target = target;
    this.ranks = ranks;
  }

  int run(DataFile data, String prompt) throws IOException {
    var run = new DatasetRun(console, options.model, options.decoding, dataset, ranks);
    List<CaptionItem> items =
        ranks.agreeIo(() -> dataset.limited(CaptionItems.read(data, dataset.folder(data))));
    Map<String, String> captions = run.captions(items, data, prompt, target);
    if (!ranks.isFirst()) {
      return ExitCode.OK;
    }
    CaptionResults.write(target.file(), captions);
    report(console, options, run, target, captions.size(), "captions");
    return ExitCode.OK;
  }

  /** Prints how much was written. */
  static void report(
      Console console,
      TextOptions options,
      DatasetRun run,
      ResultTarget target,
      int count,
      String what) {
    if (!options.model.run.json) {
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: %d %s, %d of them of an earlier run",
                  target.file(),
                  count,
                  what,
                  run.earlier()));
      return;
    }
    var document = new JsonObject();
    document.addProperty("model", options.model.modelName());
    document.addProperty("file", target.file().toString());
    document.addProperty(what, count);
    document.addProperty("earlier", run.earlier());
    document.add("timing_ms", new Gson().toJsonTree(run.milliseconds()));
    JsonReport.print(console, document);
  }
}
