package io.github.blip2j.cli.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.EachImage;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.option.ImageArguments;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** One run of {@code blip2 rank}: load, then image after image. */
final class RankRun {
  private final RankCommand command;
  private final List<String> candidates;
  private final CandidateRanking order;
  private final Console console;
  private final JsonArray results = new JsonArray();

  RankRun(RankCommand command, List<String> candidates, CandidateRanking order, Console console) {
    this.command = command;
    this.candidates = candidates;
    this.order = order;
    this.console = console;
  }

  /**
   * Does the work and returns the exit code: 1 if any image failed, whether or not others
   * succeeded.
   */
  int run() throws IOException {
    command.images = ImageArguments.names(command.images);
    int code;
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + command.options.modelName());
      try (Blip2 blip2 = command.options.load()) {
        String prompt = command.prompt(blip2);
        var arguments = new ImageArguments(console, command.options.exif);
        code =
            new EachImage(console, progress)
                .of(
                    command.images,
                    image -> {
                      Prompt about = Prompt.about(arguments.read(image), prompt);
                      List<RankedCandidate> ranked = blip2.rank(about, candidates, order);
                      progress.clear();
                      report(image, prompt, ranked);
                    });
      }
    }
    if (command.options.run.json) {
      var document = new JsonObject();
      document.addProperty("model", command.options.modelName());
      document.add("results", results);
      JsonReport.print(console, document);
    }
    return code;
  }

  private void report(String image, String prompt, List<RankedCandidate> ranked) {
    if (command.options.run.json) {
      results.add(json(image, prompt, ranked));
      return;
    }
    String name = command.images.size() > 1 ? image + ": " : "";
    for (RankedCandidate answer : ranked) {
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s%.4f %.4f %s",
                  name,
                  answer.sum(),
                  answer.mean(),
                  Console.oneLine(answer.text())));
    }
    console.out().flush();
  }

  private static JsonObject json(String image, String prompt, List<RankedCandidate> ranked) {
    var answers = new JsonArray();
    for (RankedCandidate answer : ranked) {
      var logs = new JsonArray();
      answer.scored().logProbabilities().forEach(log -> logs.add(JsonReport.number(log)));
      var one = new JsonObject();
      one.addProperty("text", answer.text());
      one.addProperty("index", answer.index());
      one.add("sum", JsonReport.number(answer.sum()));
      one.add("mean", JsonReport.number(answer.mean()));
      one.add("token_ids", new Gson().toJsonTree(answer.scored().tokenIds()));
      one.add("log_probabilities", logs);
      answers.add(one);
    }
    var result = new JsonObject();
    result.addProperty("image", image);
    result.addProperty("prompt", prompt);
    result.add("candidates", answers);
    return result;
  }
}
