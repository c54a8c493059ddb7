package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys, names of hosts and origins of pages. */
final class AccessTest {
  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server =
        Blip2Server.start(
            ServerOptions.defaults()
                .withPort(0)
                .withApiKey("secret")
                .withCorsOrigin("https://example.org"));
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret"})
  void key_missingOrWrong_is401(String authorization) {
    HttpRequest.Builder request = client.request("/v1/models");
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }

    HttpResponse<String> answer = client.send(request.build());

    assertEquals(401, answer.statusCode());
    assertTrue(answer.body().contains("invalid_api_key"), answer.body());
    assertFalse(answer.body().contains("secre"), "no key in answers");
    assertEquals("Bearer", answer.headers().firstValue("WWW-Authenticate").orElse(""));
  }

  @Test
  void key_right_isLetIn() {
    HttpRequest.Builder request = client.request("/v1/models");

    assertEquals(
        200, client.send(request.header("Authorization", "Bearer secret").build()).statusCode());
  }

  @Test
  void head_isAnsweredAsGet() {
    HttpRequest head =
        client.request("/health").method("HEAD", HttpRequest.BodyPublishers.noBody()).build();

    HttpResponse<String> answer = client.send(head);

    assertEquals(200, answer.statusCode());
    assertEquals("", answer.body());
  }

  @Test
  void health_needsNoKey_andMetricsDo() {
    assertEquals(200, client.get("/health").statusCode());
    assertEquals(200, client.get("/health/live").statusCode());
    assertEquals(200, client.get("/openapi.json").statusCode());
    assertEquals(401, client.get("/metrics").statusCode());
    assertEquals(401, client.get("/v1/status").statusCode());
    assertEquals(401, client.post("/v1/caption", "{}").statusCode());
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "LOCALHOST:1, 200",
    "127.0.0.1:9, 200",
    "[::1]:80, 200",
    "evil.example, 403",
    "127.0.0.1.evil.example, 403",
    "localhost.evil.example:80, 403"
  })
  void host_foreign_isRefused(String host, int status) throws IOException {
    String answer =
        client.raw("GET /health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");

    assertTrue(answer.startsWith("HTTP/1.1 " + status), answer);
  }

  @Test
  void origin_foreign_isRefused_andAllowedOneIsTold() {
    HttpResponse<String> foreign = origin("https://evil.example");
    HttpResponse<String> none = origin("null");
    HttpResponse<String> allowed = origin("https://example.org");

    assertEquals(403, foreign.statusCode());
    assertEquals(403, none.statusCode());
    assertTrue(foreign.headers().firstValue("Access-Control-Allow-Origin").isEmpty());
    assertEquals(200, allowed.statusCode());
    assertEquals(
        "https://example.org",
        allowed.headers().firstValue("Access-Control-Allow-Origin").orElse(""));
    assertEquals(200, origin(server.uri().toString()).statusCode());
  }

  private static HttpResponse<String> origin(String origin) {
    return client.send(client.request("/health").header("Origin", origin).build());
  }

  @Test
  void preflight_ofAnAllowedOrigin_needsNoKey() {
    HttpRequest request =
        client
            .request("/v1/caption")
            .header("Origin", "https://example.org")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .build();

    HttpResponse<String> answer = client.send(request);

    assertEquals(204, answer.statusCode());
    assertTrue(
        answer.headers().firstValue("Access-Control-Allow-Headers").orElse("").contains("Author"));
  }

  @Test
  void requestId_comesBack_unlessItIsStrange() {
    HttpResponse<String> plain =
        client.send(client.request("/health").header("X-Request-Id", "abc-1").build());
    HttpResponse<String> strange =
        client.send(client.request("/health").header("X-Request-Id", "a b<c>").build());

    assertEquals("abc-1", plain.headers().firstValue("X-Request-Id").orElse(""));
    assertEquals(36, strange.headers().firstValue("X-Request-Id").orElse("").length());
  }

  @Test
  void otherAddress_withoutAKey_isRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Blip2Server.start(ServerOptions.defaults().withHost("0.0.0.0").withPort(0)));

    assertTrue(String.valueOf(e.getMessage()).contains("--api-key"), e.getMessage());
  }

  @Test
  void port_thatIsTaken_isNamed() {
    IOException e =
        assertThrows(
            IOException.class,
            () -> Blip2Server.start(ServerOptions.defaults().withPort(server.uri().getPort())));

    assertTrue(String.valueOf(e.getMessage()).contains("expected to be free"), e.getMessage());
  }
}
