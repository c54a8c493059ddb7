package io.github.blip2j.cli.evaluation;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.metrics.CaptionScores;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON documents of evaluations, and their numbers as lines. */
final class ScoreDocument {
  private static final Gson GSON = new Gson();

  private ScoreDocument() {}

  /** What every document begins with. */
  static JsonObject of(String task, @Nullable String model, Object data) {
    var document = new JsonObject();
    document.addProperty("task", task);
    document.addProperty("model", model);
    document.addProperty("data", data.toString());
    return document;
  }

  /** What every document ends with. */
  static void finish(
      JsonObject document, @Nullable String results, int earlier, Map<String, Double> timings) {
    document.addProperty("results", results);
    document.addProperty("earlier", earlier);
    document.add("timing_ms", GSON.toJsonTree(timings));
  }

  /** Scores in percent, as papers print them. */
  static String line(String what, CaptionScores scores) {
    return String.format(
        Locale.ROOT,
        "%s: CIDEr %.1f, BLEU-4 %.1f, ROUGE-L %.1f, BLEU-1 %.1f, BLEU-2 %.1f, BLEU-3 %.1f",
        what,
        100 * scores.cider(),
        100 * scores.bleu().get(3),
        100 * scores.rougeL(),
        100 * scores.bleu().get(0),
        100 * scores.bleu().get(1),
        100 * scores.bleu().get(2));
  }

  /** A list of texts. */
  static JsonArray list(String... texts) {
    var list = new JsonArray();
    for (String text : texts) {
      list.add(text);
    }
    return list;
  }

  /** Numbers by their names. */
  static JsonObject numbers(Map<String, Double> numbers) {
    var object = new JsonObject();
    numbers.forEach((name, number) -> object.add(name, JsonReport.number(number)));
    return object;
  }
}
