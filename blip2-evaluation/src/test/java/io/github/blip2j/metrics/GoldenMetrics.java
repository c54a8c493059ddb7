package io.github.blip2j.metrics;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The golden data of metrics. */
final class GoldenMetrics {
  private GoldenMetrics() {}

  static JsonObject load() throws IOException {
    try (var text = new InputStreamReader(open("expected.json"), StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(text).getAsJsonObject();
    }
  }

  static InputStream open(String name) {
    return Objects.requireNonNull(
        GoldenMetrics.class.getResourceAsStream("/golden/metrics/" + name), name);
  }

  static List<String> strings(JsonArray array) {
    List<String> strings = new ArrayList<>();
    for (JsonElement each : array) {
      strings.add(each.getAsString());
    }
    return strings;
  }
}
