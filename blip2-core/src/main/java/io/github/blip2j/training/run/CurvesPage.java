package io.github.blip2j.training.run;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.blip2j.io.file.OutputFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code curves.html}: the curves of a run's log, and what the run was made from. The page is one
 * file without scripts, and needs no network.
 */
public final class CurvesPage {
  /** Its name in the folder of a run. */
  public static final String NAME = "curves.html";

  private static final String LOG = "log.jsonl";
  private static final String VALIDATION = "val_";
  private static final Set<String> NOT_DRAWN = Set.of("step", "epoch", "time_s", "data_s");

  /** What is drawn last: of the machine, not of the model. */
  private static final List<String> LAST = List.of("samples_per_s", "data_share", "memory_mib");

  private static final String STYLE =
      """
      body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5em auto; max-width: 1480px; padding: 0 1em;
        color: #1f2328; background: #fff; }
      main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); gap: 1em; }
      figure { margin: 0; min-width: 0; border: 1px solid #8884; border-radius: 6px; padding: .6em; }
      figcaption { display: flex; gap: 0 1em; flex-wrap: wrap; overflow-wrap: anywhere; }
      svg { width: 100%; height: auto; }
      svg text { font-size: 11px; fill: currentColor; }
      .grid { stroke: #8884; }
      .line { fill: none; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
      :root { --train: #2563eb; --val: #b45309; color-scheme: light dark; }
      .train { stroke: var(--train); color: var(--train); }
      .val { stroke: var(--val); color: var(--val); }
      circle.train { fill: var(--train); }
      circle.val { fill: var(--val); }
      details { margin-top: 1em; }
      td, th { text-align: left; padding: .1em 1em .1em 0; vertical-align: top; overflow-wrap: anywhere; }
      th { overflow-wrap: break-word; }
      @media (prefers-color-scheme: dark) {
        :root { --train: #7cb1ff; --val: #f5a742; }
        body { color: #e6edf3; background: #0d1117; }
      }
      """;

  private final Map<String, Curve> curves = new LinkedHashMap<>();
  private String position = "no update yet";

  private CurvesPage() {}

  /**
   * Writes the page of a run from its log and {@code run.json}, as far as they are there.
   *
   * @param run the folder of the run
   * @return the page
   */
  public static Path write(Path run) throws IOException {
    var page = new CurvesPage();
    page.read(run.resolve(LOG));
    Path file = run.resolve(NAME);
    OutputFile.write(file, page.html(description(run.resolve(RunFile.NAME))));
    return file;
  }

  private static JsonObject description(Path file) throws IOException {
    try {
      return Files.exists(file)
          ? JsonParser.parseString(Files.readString(file)).getAsJsonObject()
          : new JsonObject();
    } catch (JsonParseException | IllegalStateException e) { // the curves are there without it
      return new JsonObject();
    }
  }

  private void read(Path log) throws IOException {
    if (!Files.exists(log)) {
      return;
    }
    try (BufferedReader lines = Files.newBufferedReader(log)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        try {
          if (JsonParser.parseString(line) instanceof JsonObject object) {
            add(object);
          }
        } catch (JsonParseException e) {
          // a line that is being written
        }
      }
    }
  }

  private void add(JsonObject line) {
    double step = number(line.get("step"));
    for (Map.Entry<String, JsonElement> entry : line.entrySet()) {
      JsonElement value = entry.getValue();
      boolean drawn = !NOT_DRAWN.contains(entry.getKey());
      if (drawn && (value.isJsonNull() || !Double.isNaN(number(value)))) {
        curves.computeIfAbsent(entry.getKey(), name -> new Curve()).add(step, number(value));
      }
    }
    String time = line.has("time_s") ? ", " + clock((long) number(line.get("time_s"))) : "";
    position =
        String.format(
            Locale.ROOT, "after step %.0f, epoch %.0f%s", step, number(line.get("epoch")), time);
  }

  private static double number(@Nullable JsonElement value) {
    return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()
        ? value.getAsDouble()
        : Double.NaN;
  }

  private static String clock(long seconds) {
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  private String html(JsonObject run) {
    String title = run.has("command") ? escaped(run.get("command")) : "training";
    var html = new StringBuilder();
    html.append("<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n");
    html.append("<meta name='viewport' content='width=device-width'>\n");
    html.append("<title>").append(title).append("</title>\n");
    html.append("<style>\n").append(STYLE).append("</style>\n</head>\n<body>\n");
    html.append("<h1>").append(title).append("</h1>\n");
    html.append("<p>").append(escaped(position)).append("</p>\n<main>\n");
    charts().forEach((name, parts) -> figure(html, name, parts));
    html.append("</main>\n");
    table(html, run);
    return html.append("</body>\n</html>\n").toString();
  }

  /** The names of charts in their order, each with its curves by CSS class. */
  private Map<String, Map<String, Curve>> charts() {
    List<String> names = new ArrayList<>(curves.keySet());
    names.removeAll(LAST);
    LAST.stream().filter(curves::containsKey).forEach(names::add);
    Map<String, Map<String, Curve>> charts = new LinkedHashMap<>();
    for (boolean losses : new boolean[] {true, false}) { // losses come first
      for (String name : names) {
        boolean validated = name.startsWith(VALIDATION);
        String title = validated ? name.substring(VALIDATION.length()) : name;
        if (losses == (title.equals("loss") || title.startsWith("loss_"))) {
          Curve curve = curves.get(name);
          if (curve != null) {
            charts
                .computeIfAbsent(title, key -> new TreeMap<>()) // training, then validation
                .put(validated ? "val" : "train", curve);
          }
        }
      }
    }
    return charts;
  }

  private static void figure(StringBuilder html, String name, Map<String, Curve> parts) {
    Map<String, List<Curve.Point>> drawn = new LinkedHashMap<>();
    parts.forEach((kind, curve) -> drawn.put(kind, curve.drawn()));
    html.append("<figure><figcaption><b>").append(escaped(name)).append("</b>");
    parts.forEach(
        (kind, curve) ->
            html.append(
                String.format(
                    Locale.ROOT,
                    "<span class='%s'>%s %s</span>",
                    kind,
                    kind.equals("val") ? "validation" : parts.size() > 1 ? "training" : "last",
                    Chart.text(curve.last().value()))));
    html.append("</figcaption>\n").append(Chart.svg(drawn)).append("</figure>\n");
  }

  private static void table(StringBuilder html, JsonObject run) {
    html.append("<details><summary>How it was made</summary>\n<table>\n");
    for (Map.Entry<String, JsonElement> entry : run.entrySet()) {
      if (entry.getValue() instanceof JsonObject object) {
        object
            .entrySet()
            .forEach(each -> row(html, entry.getKey() + " " + each.getKey(), each.getValue()));
      } else if (entry.getValue() instanceof JsonArray array
          && !entry.getKey().equals("arguments")) {
        array.forEach(each -> row(html, entry.getKey(), each));
      } else {
        row(html, entry.getKey(), entry.getValue());
      }
    }
    html.append("</table></details>\n");
  }

  private static void row(StringBuilder html, String name, JsonElement value) {
    html.append("<tr><th>").append(escaped(name)).append("</th><td>");
    html.append(escaped(value)).append("</td></tr>\n");
  }

  private static String escaped(JsonElement value) {
    return escaped(value.isJsonPrimitive() ? value.getAsString() : value.toString());
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&quot;");
  }
}
