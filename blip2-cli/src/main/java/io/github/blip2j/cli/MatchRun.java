package io.github.blip2j.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.Match;
import io.github.blip2j.blip2.MatchMaps;
import io.github.blip2j.tensor.MemoryShortageException;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** One run of {@code blip2 match}: load, then image after image. */
final class MatchRun {
  private final MatchCommand asked;
  private final Console console;
  private final JsonArray results = new JsonArray();

  MatchRun(MatchCommand asked, Console console) {
    this.asked = asked;
    this.console = console;
  }

  /** Does the work and returns the exit code: 1 if any image failed, whatever became of others. */
  int run() throws IOException {
    int failed = 0;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + asked.options.modelName());
      try (ImageTextMatcher matcher = asked.options.load()) {
        for (String image : asked.images) {
          progress.doing(image);
          try {
            List<Match> matches = match(matcher, image);
            progress.clear();
            report(image, matches);
          } catch (IOException
              | IllegalArgumentException
              | IllegalStateException
              | MemoryShortageException e) {
            progress.clear();
            console.complain(Failure.describe(e));
            failed++;
          }
        }
      }
    }
    if (asked.options.json) {
      var document = new JsonObject();
      document.addProperty("model", asked.options.modelName());
      document.add("results", results);
      JsonReport.print(console, document);
    }
    return failed == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private List<Match> match(ImageTextMatcher matcher, String image) throws IOException {
    RgbImage picture = new Pictures(console, asked.options.exif).read(image);
    @Nullable Path cam = asked.cam;
    if (cam != null) {
      MatchMaps maps = matcher.explain(picture, asked.texts.get(0));
      int layer = asked.layer == null ? maps.usualLayer() : asked.layer;
      maps.drawing(layer).writePng(cam);
    }
    return matcher.match(picture, asked.texts);
  }

  private void report(String image, List<Match> matches) {
    for (int t = 0; t < matches.size(); t++) {
      Match match = matches.get(t);
      String text = asked.texts.get(t);
      if (asked.options.json) {
        results.add(json(image, text, match));
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

  private static JsonObject json(String image, String text, Match match) {
    var result = new JsonObject();
    result.addProperty("image", image);
    result.addProperty("text", text);
    result.add("itc", number(match.itc()));
    result.add("itm_logit", number(match.itmLogit()));
    result.add("itm_probability", number(match.itmProbability()));
    return result;
  }

  /** JSON has no word for what is no number. */
  private static JsonElement number(double value) {
    return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
  }
}
