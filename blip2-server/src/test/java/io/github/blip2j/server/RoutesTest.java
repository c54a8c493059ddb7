package io.github.blip2j.server;

import static io.github.blip2j.server.Client.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods, media types and errors of all routes. */
final class RoutesTest {
  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(Client.bothModels());
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void method_ofAnotherKind_isRefused_andTheOthersAreTold() {
    HttpResponse<String> answer = client.send(client.request("/v1/caption").DELETE().build());
    assertError(answer, 405, null);
    assertEquals("OPTIONS, POST", answer.headers().firstValue("Allow").orElse(""));
    HttpResponse<String> get = client.get("/v1/caption");
    assertError(get, 405, null);
    HttpResponse<String> post = client.post("/v1/models", "{}");
    assertError(post, 405, null);
    assertEquals("GET, HEAD, OPTIONS", post.headers().firstValue("Allow").orElse(""));
    assertError(client.get("/none"), 404, null);
    assertError(method("BREW", "/v1/caption"), 405, null);
    assertError(method("HEADS", "/health"), 405, null);
  }

  @Test
  void options_tellsTheMethodsOfAPath() {
    HttpResponse<String> known = method("OPTIONS", "/v1/models/bundled");

    assertEquals(204, known.statusCode());
    assertEquals("GET, HEAD, OPTIONS", known.headers().firstValue("Allow").orElse(""));
    assertError(method("OPTIONS", "/none"), 404, null);
  }

  @Test
  void head_ofEveryPath_hasTheHeaderOfGetAndNoBody() {
    for (String path :
        new String[] {"/health", "/v1/models", "/v1/status", "/metrics", "/openapi.json", "/"}) {
      HttpResponse<String> head = method("HEAD", path);

      assertEquals(200, head.statusCode(), path);
      assertEquals("", head.body());
      assertEquals(
          client.get(path).headers().firstValue("Content-Type"),
          head.headers().firstValue("Content-Type"));
    }
    assertEquals(405, method("HEAD", "/v1/caption").statusCode());
    assertEquals(404, method("HEAD", "/none").statusCode());
  }

  private static HttpResponse<String> method(String method, String path) {
    return client.send(
        client.request(path).method(method, HttpRequest.BodyPublishers.noBody()).build());
  }

  /** Each route refuses what it cannot read in the same shape. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/caption",
        "/v1/answer",
        "/v1/rank",
        "/v1/match",
        "/v1/explain",
        "/v1/rerank",
        "/rerank"
      })
  void everyRoute_refusesWhatItCannotRead(String path) {
    assertError(client.post(path, "{"), 400, null);
    assertError(client.post(path, "{\"no_such_field\": 1}"), 400, null);
    HttpRequest text =
        client
            .request(path)
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertError(client.send(text), 415, null);
  }

  @Test
  void explain_isNumbersIfTheClientTakesJsonAlone() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("text", "two cats");
    asked.addProperty("model", "itm");

    assertEquals("application/json", explained(asked, "application/json"));
    assertEquals("image/png", explained(asked, "image/png, application/json;q=0.5"));
    assertEquals("image/png", explained(asked, "*/*"));
    asked.addProperty("format", "png");
    assertEquals("image/png", explained(asked, "application/json"));
  }

  private static String explained(JsonObject asked, String accept) {
    HttpRequest request =
        client
            .request("/v1/explain")
            .header("Content-Type", "application/json")
            .header("Accept", accept)
            .POST(HttpRequest.BodyPublishers.ofString(asked.toString()))
            .build();
    HttpResponse<String> answer = client.send(request);
    assertEquals(200, answer.statusCode(), answer.body());
    return answer.headers().firstValue("Content-Type").orElse("");
  }
}
