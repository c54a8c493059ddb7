package io.github.blip2j.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.server.api.Desk;
import io.github.blip2j.server.api.Images;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.work.WorkListener;
import io.github.blip2j.server.work.WorkQueue;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The description of the routes, held against the routes. */
final class OpenApiTest {
  private static final Path WRITER = Path.of("..", "blip2-llm/src/test/resources/golden/hf-opt");

  @Test
  void paths_areTheRoutes() throws IOException {
    JsonObject paths = description().getAsJsonObject("paths");
    Set<String> described = new TreeSet<>();
    paths
        .keySet()
        .forEach(
            path ->
                paths
                    .getAsJsonObject(path)
                    .keySet()
                    .forEach(
                        method -> described.add(method.toUpperCase(Locale.ROOT) + " " + path)));

    assertEquals(
        routes().stream()
            .map(route -> route.method() + " " + route.path())
            .collect(Collectors.toCollection(TreeSet::new)),
        described);
  }

  @Test
  void routesWithoutAKey_areDescribedAsSuch() throws IOException {
    JsonObject paths = description().getAsJsonObject("paths");
    for (Route route : routes()) {
      JsonObject operation =
          paths
              .getAsJsonObject(route.path())
              .getAsJsonObject(route.method().toLowerCase(Locale.ROOT));
      assertEquals(route.open(), operation.has("security"), route.path());
    }
  }

  private static List<Route> routes() throws IOException {
    var models =
        new ModelStore(
            List.of(ModelSource.of("bundled", WRITER, Precision.FLOAT32)),
            LoadOptions.of(Precision.FLOAT32),
            1);
    var queue = new WorkQueue(models, 1, 0, 1, WorkListener.NONE);
    try (var metrics = new Metrics()) {
      return new Routes(metrics, () -> true)
          .of(new Desk(models, queue, Runnable::run, new Images(Set.of(), 1000), null));
    }
  }

  private static JsonObject description() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            OpenApiTest.class.getResourceAsStream("/io/github/blip2j/server/openapi.json"))) {
      return JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
          .getAsJsonObject();
    }
  }
}
