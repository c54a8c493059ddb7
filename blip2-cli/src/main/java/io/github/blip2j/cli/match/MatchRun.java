package io.github.blip2j.cli.match;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.TextLength;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.EachImage;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One run of {@code blip2 match}: load, then image after image. */
final class MatchRun {
  private final MatchCommand command;
  private final Console console;
  private final Timings timings = new Timings("load", "preprocess", "match");
  private final JsonArray results = new JsonArray();
  private final List<TextLength> lengths = new ArrayList<>(); // of the texts

  MatchRun(MatchCommand command, Console console) {
    this.command = command;
    this.console = console;
  }

  /**
   * Does the work and returns the exit code: 1 if any image failed, whether or not others
   * succeeded.
   */
  int run() throws IOException {
    command.images = ImageArguments.names(command.images);
    requireTargets();
    int code;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + command.options.modelName());
      try (ImageTextMatcher matcher = timings.time("load", command.options::load)) {
        code =
            new EachImage(console, progress)
                .of(
                    command.images,
                    image -> {
                      List<Match> matches = match(matcher, image);
                      progress.clear();
                      report(image, matches);
                    });
      }
    }
    if (command.options.run.json) {
      var document = new JsonObject();
      document.addProperty("model", command.options.modelName());
      document.add("results", results);
      document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
      JsonReport.print(console, document);
    }
    return code;
  }

  /** Checks that the drawings can be written, before a model is loaded for them. */
  private void requireTargets() throws IOException {
    if (command.cam != null) {
      requireTarget(command.cam);
    }
    if (command.camWords != null) {
      OutputFile.requireFolder(command.camWords);
    }
  }

  /** Checks that a drawing replaces a drawing, and not what it is about. */
  private void requireTarget(Path file) throws IOException {
    for (String image : command.images) {
      if (!image.equals(ImageArguments.STANDARD_INPUT)) {
        FileKind.requireNoneOf(List.of(FileName.path(image)), file);
      }
    }
    FileKind.PNG.require(file);
  }

  private List<Match> match(ImageTextMatcher matcher, String image) throws IOException {
    if (lengths.isEmpty()) {
      command.texts.forEach(text -> lengths.add(matcher.length(text)));
    }
    var arguments = new ImageArguments(console, command.options.exif);
    Image opened = timings.time("preprocess", () -> arguments.read(image));
    if (command.cam != null || command.camWords != null) {
      draw(matcher.gradCam(opened, command.texts.get(0)));
    }
    return timings.time("match", () -> matcher.match(opened, command.texts));
  }

  private void draw(GradCamMaps maps) throws IOException {
    int layer = command.layer == null ? maps.usualLayer() : command.layer;
    @Nullable Path cam = command.cam;
    if (cam != null) {
      maps.drawing(layer).writePng(cam);
    }
    @Nullable Path folder = command.camWords;
    if (folder != null) {
      OutputFile.makeFolder(folder);
      List<String> words = maps.words();
      for (int word = 0; word < words.size(); word++) {
        String plain = words.get(word).replaceAll("[^\\p{L}\\p{N}]", "_"); // names on any disk
        String name = String.format(Locale.ROOT, "%02d-%s.png", word + 1, plain);
        Path file = folder.resolve(name);
        requireTarget(file);
        maps.drawing(layer, word).writePng(file);
      }
    }
  }

  private void report(String image, List<Match> matches) {
    for (int t = 0; t < matches.size(); t++) {
      Match match = matches.get(t);
      String text = command.texts.get(t);
      if (command.options.run.json) {
        results.add(json(image, text, lengths.get(t), match));
      } else {
        console
            .out()
            .println(
                String.format(
                    Locale.ROOT,
                    "%s: %s: itc %.4f, itm %.4f (logit %.4f)",
                    image,
                    Console.oneLine(text),
                    match.itc(),
                    match.itmProbability(),
                    match.itmLogit()));
      }
    }
    console.out().flush();
  }

  private static JsonObject json(String image, String text, TextLength length, Match match) {
    var result = new JsonObject();
    result.addProperty("image", image);
    result.addProperty("text", text);
    result.addProperty("text_tokens", length.tokens());
    result.addProperty("text_tokens_read", length.read());
    result.add("itc", JsonReport.number(match.itc()));
    result.add("itm_logit", JsonReport.number(match.itmLogit()));
    result.add("itm_probability", JsonReport.number(match.itmProbability()));
    return result;
  }
}
