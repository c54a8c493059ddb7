package io.github.blip2j.cli.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.bench.BenchReport;
import io.github.blip2j.bench.Measurement;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.text.JsonReport;
import java.util.OptionalDouble;

/** Figures as one JSON document. */
final class BenchJson {
  private BenchJson() {}

  static void print(Console console, BenchReport report) {
    var figures = new JsonArray();
    report.figures().forEach(figure -> figures.add(row(figure)));
    var document = new JsonObject();
    document.addProperty("preset", report.preset().label());
    document.addProperty("dtype", report.precision().toString());
    document.addProperty("kernels", report.kernels());
    document.addProperty("threads", report.threads());
    document.addProperty("cpu", report.cpu());
    document.add("figures", figures);
    document.addProperty("load_ms", rounded(report.loadMs()));
    OptionalDouble peak = report.peakResidentMb();
    document.add(
        "peak_resident_mb",
        peak.isPresent() ? new JsonPrimitive(rounded(peak.getAsDouble())) : JsonNull.INSTANCE);
    JsonReport.print(console, document);
  }

  private static JsonObject row(Measurement measurement) {
    var row = new JsonObject();
    row.addProperty("figure", measurement.figure().label());
    row.addProperty("ms", rounded(measurement.ms()));
    row.addProperty("min_ms", rounded(measurement.minMs()));
    row.addProperty("max_ms", rounded(measurement.maxMs()));
    row.addProperty("runs", measurement.runs());
    row.addProperty("of", measurement.figure().work());
    return row;
  }

  private static double rounded(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
