package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several models in one server. */
final class ModelsTest {
  private static JsonObject match(String model) {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.add("texts", Client.strings("two cats"));
    asked.addProperty("model", model);
    return asked;
  }

  private static JsonObject caption() {
    return Client.about(Client.IMAGES[0]);
  }

  @Test
  void budget_forOneModel_closesTheOther() throws IOException {
    try (Blip2Server server =
        Blip2Server.start(
            ServerOptions.defaults()
                .withPort(0)
                .withModelBytes(2L << 20)
                .withModel("bundled", Client.WRITER)
                .withModel("itm", Client.MATCHER))) {
      server.ready().join();
      var client = new Client(server.uri());
      String before = text(client);
      assertEquals("[\"bundled\"]", loaded(client));

      assertEquals(200, client.post("/v1/match", match("itm")).statusCode());
      assertEquals("[\"itm\"]", loaded(client));

      assertEquals(before, text(client));
      assertEquals("[\"bundled\"]", loaded(client));
    }
  }

  private static String text(Client client) {
    JsonObject json = client.ok("/v1/caption", caption()).getAsJsonObject();
    return json.getAsJsonArray("captions").get(0).getAsJsonObject().get("text").getAsString();
  }

  private static String loaded(Client client) {
    return client.json("/v1/status").get("models").toString();
  }

  @Test
  void folder_removedWhileItIsServed_isAnError_andTheServerGoesOn(@TempDir Path temporary)
      throws IOException {
    Path folder = temporary.resolve("itm");
    copy(Client.MATCHER, folder);
    try (Blip2Server server =
        Blip2Server.start(
            ServerOptions.defaults()
                .withPort(0)
                .withModel("bundled", Client.WRITER)
                .withModel("itm", folder))) {
      server.ready().join();
      var client = new Client(server.uri());
      Files.delete(folder.resolve("model.safetensors"));

      HttpResponse<String> answer = client.post("/v1/match", match("itm"));

      assertEquals(503, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("model_unavailable"), answer.body());
      assertFalse(answer.body().contains(temporary.toString()), "no paths for clients");
      text(client);

      copy(Client.MATCHER, folder);
      assertEquals(200, client.post("/v1/match", match("itm")).statusCode());
      Files.delete(folder.resolve("model.safetensors"));
      assertEquals(200, client.post("/v1/match", match("itm")).statusCode(), "it is loaded");
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(String.valueOf(file.getFileName()));
        if (!Files.exists(target)) {
          Files.copy(file, target);
        }
      }
    }
  }

  @Test
  void model_thatIsNone_isRefusedAtTheStart(@TempDir Path empty) {
    assertThrows(
        CheckpointException.class,
        () -> Blip2Server.start(ServerOptions.defaults().withPort(0).withModel("empty", empty)));
  }

  @Test
  void address_afterTheEnd_isWhereItListened() throws IOException {
    Blip2Server server =
        Blip2Server.start(ServerOptions.defaults().withPort(0).withModel("bundled", Client.WRITER));
    URI before = server.uri();

    server.close();

    assertTrue(before.getPort() > 0, () -> "a port expected, got " + before);
    assertEquals(before, server.uri());
  }

  @Test
  void task_thatNoModelCanDo_isNamed() throws IOException {
    try (Blip2Server server = Blip2Server.start(Client.options())) {
      var client = new Client(server.uri());
      JsonObject asked = new JsonObject();
      asked.addProperty("input", "two cats");

      HttpResponse<String> answer = client.post("/v1/embeddings", asked);

      assertEquals(404, answer.statusCode());
      assertTrue(answer.body().contains("one expected that can embed"), answer.body());
    }
  }

  @Test
  void models_saysWhatEachCan() throws IOException {
    try (Blip2 blip2 = Blip2.load(Client.WRITER);
        Blip2Server server =
            Blip2Server.start(
                ServerOptions.defaults()
                    .withPort(0)
                    .withModel("bundled", Client.WRITER)
                    .withModel("itm", Client.MATCHER))) {
      server.ready().join();
      checkModels(new Client(server.uri()), blip2.captionConfig().maxNewTokens());
    }
  }

  private static void checkModels(Client client, int maxTokens) {
    JsonObject json = client.json("/v1/models");

    JsonArray data = json.getAsJsonArray("data");
    assertEquals(2, data.size());
    JsonObject bundled = data.get(0).getAsJsonObject();
    assertEquals("bundled", bundled.get("id").getAsString());
    JsonObject details = bundled.getAsJsonObject("blip2");
    assertEquals("generate", details.get("kind").getAsString());
    assertTrue(details.get("loaded").getAsBoolean());
    assertEquals(
        maxTokens,
        details
            .getAsJsonObject("defaults")
            .getAsJsonObject("caption")
            .get("max_tokens")
            .getAsInt());
    JsonObject itm = client.json("/v1/models/itm").getAsJsonObject("blip2");
    assertEquals("[\"match\",\"explain\",\"embed\"]", itm.get("tasks").toString());
  }
}
