package io.github.blip2j.cli.match;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.blip2.model.Architecture;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Count;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** One run of {@code blip2 embed}: load, then batch after batch into the file. */
final class EmbedRun {
  private final EmbedCommand command;
  private final List<String> images;
  private final Feature[] wanted;
  private final Console console;
  private final Ranks ranks;
  private final Timings timings = new Timings("load", "preprocess", "embed");
  private final List<String> cut = new ArrayList<>(); // texts that are cut

  EmbedRun(
      EmbedCommand command,
      List<String> images,
      Set<Feature> wanted,
      Console console,
      Ranks ranks) {
    this.command = command;
    this.images = images;
    this.wanted = wanted.toArray(Feature[]::new);
    this.console = console;
    this.ranks = ranks;
  }

  int run() throws IOException {
    List<String> written;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + command.options.modelName());
      if (ranks.agreeIo(this::generates)) {
        @Nullable ModelName model = command.options.model;
        try (Blip2 blip2 =
            loaded(
                () ->
                    model == null
                        ? Blip2.bundled(command.options.loading())
                        : Blip2.load(model.path(), command.options.loading()))) {
          written = timings.time("embed", () -> export(blip2.export(wanted), progress));
        }
      } else {
        try (ImageTextMatcher matcher = loaded(command.options::load)) {
          if (Set.of(wanted).contains(Feature.TEXT)) {
            command.texts.stream().filter(text -> matcher.length(text).isCut()).forEach(cut::add);
          }
          written = timings.time("embed", () -> export(matcher.export(wanted), progress));
        }
      }
    }
    if (ranks.isFirst()) {
      report(written);
    }
    return ExitCode.OK;
  }

  private <T> T loaded(Timings.Work<T> load) throws IOException {
    return ranks.agreeIo(() -> timings.time("load", load));
  }

  /** Whether the model generates text: then it has soft prompts and no embeddings to compare. */
  private boolean generates() throws IOException {
    @Nullable ModelName model = command.options.model;
    boolean prompt = Set.of(wanted).contains(Feature.PROMPT);
    if (model == null || prompt) {
      return prompt;
    }
    Path config = model.path().resolve("config.json");
    return Files.exists(config) && !Architecture.compares(ConfigJson.read(config));
  }

  private List<String> export(FeatureExport plain, Progress progress) throws IOException {
    var arguments = new ImageArguments(console, command.options.exif);
    FeatureExport export =
        plain
            .reading(file -> timings.time("preprocess", () -> arguments.read(file)))
            .onProgress(listener(progress))
            .among(ranks);
    export = command.texts.isEmpty() ? export : export.withTexts(command.texts);
    export = command.skipUnreadable ? export.skippingUnreadable() : export;
    progress.doing("reading");
    return FeatureExport.isJsonLines(command.out)
        ? export.toJsonLines(images, command.out)
        : export.toSafetensors(images, command.out);
  }

  private FeatureExport.Listener listener(Progress progress) {
    return new FeatureExport.Listener() {
      @Override
      public void done(int done, int of) {
        progress.doing(String.format(Locale.ROOT, "%d of %d images", done, of));
      }

      @Override
      public void skipped(UnreadableImageException why) {
        progress.clear();
        console.complain("left out: " + why.getMessage());
      }
    };
  }

  private void report(List<String> written) throws IOException {
    List<TensorEntry> tensors = tensors();
    if (!command.options.run.json) {
      for (TensorEntry tensor : tensors) {
        console.out().println(command.out + ": " + tensor.name() + " " + tensor.shape());
      }
      if (tensors.isEmpty()) {
        int lines =
            written.size() + (Set.of(wanted).contains(Feature.TEXT) ? command.texts.size() : 0);
        console.out().println(command.out + ": " + Count.of(lines, "line"));
      }
      return;
    }
    var shapes = new JsonArray();
    for (TensorEntry entry : tensors) {
      var tensor = new JsonObject();
      tensor.addProperty("name", entry.name());
      tensor.add("shape", new Gson().toJsonTree(entry.shape().toArray()));
      shapes.add(tensor);
    }
    var document = new JsonObject();
    document.addProperty("model", command.options.modelName());
    document.addProperty("file", command.out.toString());
    document.add("tensors", shapes);
    document.add("images", new Gson().toJsonTree(written));
    document.add("texts", new Gson().toJsonTree(command.texts));
    document.add("texts_cut", new Gson().toJsonTree(cut));
    document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
    JsonReport.print(console, document);
  }

  /** The tensors of the file that was written; none in JSON lines. */
  private List<TensorEntry> tensors() throws IOException {
    if (FeatureExport.isJsonLines(command.out)) {
      return List.of();
    }
    try (var file = SafetensorsFile.open(command.out)) {
      return new ArrayList<>(file.tensors().values());
    }
  }
}
