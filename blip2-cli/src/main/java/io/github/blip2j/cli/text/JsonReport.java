package io.github.blip2j.cli.text;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.TerminalText;
import io.github.blip2j.cli.console.Timings;
import java.util.List;

/** All texts and timings as one JSON document. */
public final class JsonReport implements TextReport {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private final Console console;
  private final TextOptions options;
  private final Timings timings;
  private final JsonArray results = new JsonArray();

  JsonReport(Console console, TextOptions options, Timings timings) {
    this.console = console;
    this.options = options;
    this.timings = timings;
  }

  @Override
  public void add(String image, String prompt, List<Generated> texts) {
    var sequences = new JsonArray();
    for (Generated text : texts) {
      var ids = new JsonArray();
      text.tokenIds().forEach(ids::add);
      var sequence = new JsonObject();
      sequence.addProperty("text", text.text());
      sequence.add("token_ids", ids);
      sequence.add("score", number(text.score()));
      sequences.add(sequence);
    }
    var result = new JsonObject();
    result.addProperty("image", image);
    result.addProperty("prompt", prompt);
    result.add("sequences", sequences);
    results.add(result);
  }

  @Override
  public void finish() {
    var document = new JsonObject();
    document.addProperty("model", options.model.modelName());
    document.add("results", results);
    document.add("timing_ms", GSON.toJsonTree(timings.milliseconds()));
    print(console, document);
  }

  /** NaN and the infinities become null, for JSON has no spelling for them. */
  public static JsonElement number(double value) {
    return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
  }

  /** A number of a file: what JSON has no word for is the string that Python and Java parse. */
  public static JsonElement numberOfFile(double value) {
    return Double.isFinite(value)
        ? new JsonPrimitive(value)
        : new JsonPrimitive(Double.toString(value));
  }

  public static void print(Console console, JsonObject document) {
    console.out().println(TerminalText.json(GSON.toJson(document)));
  }
}
