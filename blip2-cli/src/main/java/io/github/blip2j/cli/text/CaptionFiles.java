package io.github.blip2j.cli.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.captions.CaptionExport;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.ErrorReport;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ExitCode;

/** Captions of many images to one file, or to a text file beside each. */
final class CaptionFiles {
  private final TextOptions options;
  private final CaptionFileOptions files;
  private final Console console;
  private final Ranks ranks;
  private final Timings timings = new Timings("load", "preprocess", "generate");
  private final JsonArray failed = new JsonArray();

  CaptionFiles(TextOptions options, CaptionFileOptions files, Console console, Ranks ranks) {
    this.options = options;
    this.files = files;
    this.console = console;
    this.ranks = ranks;
  }

  /**
   * Does the work and returns the exit code: 1 if any image failed, whether or not others
   * succeeded.
   */
  int run(String prompt) throws IOException {
    List<Path> images = ranks.agreeIo(() -> ImageArguments.files(options.images));
    options
        .decoding
        .idle(options.decoding.over(TextTask.CAPTION.usual(options.model.convention())))
        .forEach(console::complain);
    CaptionExport.Outcome outcome;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.model.modelName());
      try (Blip2 blip2 = ranks.agreeIo(() -> timings.time("load", options.model::load))) {
        CaptionExport export = export(blip2, prompt, progress);
        outcome = timings.time("generate", () -> write(export, images));
      }
    }
    if (ranks.isFirst()) {
      report(outcome);
    }
    return outcome.failed() == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private CaptionExport export(Blip2 blip2, String prompt, Progress progress) {
    var arguments = new ImageArguments(console, options.model.exif);
    CaptionExport export =
        CaptionExport.of(blip2)
            .withPrompt(prompt)
            .withDecoding(options.decoding.over(TextTask.CAPTION.usual(blip2)))
            .reading(file -> timings.time("preprocess", () -> arguments.read(file)))
            .onProgress(listener(progress))
            .among(ranks);
    export = options.echo ? export.withPromptInText() : export;
    export = files.overwrite ? export.startingAnew() : export;
    return files.batchSize == null ? export : export.withBatchSize(files.batchSize);
  }

  private CaptionExport.Outcome write(CaptionExport export, List<Path> images) throws IOException {
    if (files.out == null) {
      return export.toTextFiles(images);
    }
    return files.csv() ? export.toCsv(images, files.out) : export.toJsonLines(images, files.out);
  }

  private CaptionExport.Listener listener(Progress progress) {
    return new CaptionExport.Listener() {
      @Override
      public void done(int done, int of) {
        progress.doing(String.format(Locale.ROOT, "%d of %d images", done, of));
      }

      @Override
      public void failed(Path image, Throwable why) {
        progress.clear();
        console.complain(ErrorReport.describe(why));
        failed.add(FileName.of(image));
      }
    };
  }

  private void report(CaptionExport.Outcome outcome) {
    String where = files.out == null ? "text files" : files.out.toString();
    if (!options.model.run.json) {
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: %d written, %d there already, %d failed",
                  where,
                  outcome.written(),
                  outcome.earlier(),
                  outcome.failed()));
      return;
    }
    var document = new JsonObject();
    document.addProperty("model", options.model.modelName());
    document.addProperty("file", files.out == null ? null : files.out.toString());
    document.addProperty("written", outcome.written());
    document.addProperty("earlier", outcome.earlier());
    document.add("failed", failed);
    document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
    JsonReport.print(console, document);
  }
}
