package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is sent, the answer is a clear error in OpenAI's shape, and the server goes on. */
final class BadInputTest {
  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server =
        Blip2Server.start(
            ServerOptions.defaults()
                .withPort(0)
                .withImageBytes(1_000_000)
                .withMaxPixels(1_000_000)
                .withBundledModel("bundled")
                .withModel("itm", Client.MATCHER));
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void serverGoesOn() {
    HttpResponse<String> answer = client.post("/v1/caption", Client.about(Client.IMAGES[0]));
    assertEquals(200, answer.statusCode(), answer.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"image": "data:image/png;base64,@@@@"}             | 400 | image
          {"image": "data:image/png;base64,iVBORw0KGgo="}     | 400 | image
          {"image": "data:image/png;base64,"}                 | 400 | image
          {"image": "data:text/plain;base64,aGVsbG8="}        | 400 | image
          {"image": "data:image/png,abc"}                     | 400 | image
          {"image": "https://example.org/a.png"}              | 400 | image
          {"image": "/etc/passwd"}                            | 400 | image
          {"image": 7}                                        | 400 | image
          {"image": null}                                     | 400 | image
          {}                                                  | 400 | image
          []                                                  | 400 | body
          7                                                   | 400 | body
          """)
  void image_thatIsNone_isRefused(String body, int status, String param) {
    assertError(client.post("/v1/caption", body), status, param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          max_tokens           | 0         | max_tokens
          max_tokens           | 1e9       | max_tokens
          max_tokens           | 1.5       | max_tokens
          max_tokens           | "many"    | max_tokens
          max_tokens           | true      | max_tokens
          min_tokens           | 50        | min_tokens
          num_beams            | -1        | num_beams
          num_beams            | 100000    | num_beams
          n                    | 0         | n
          n                    | 1000000   | n
          temperature          | -1        | temperature
          temperature          | 1e300     | temperature
          temperature          | [1]       | temperature
          top_p                | 0         | top_p
          top_p                | -0.5      | top_p
          top_k                | -1        | top_k
          repetition_penalty   | 0         | repetition_penalty
          no_repeat_ngram_size | -2        | no_repeat_ngram_size
          length_penalty       | "x"       | length_penalty
          seed                 | 1e40      | seed
          stream               | "perhaps" | stream
          modle                | "bundled" | modle
          prompt               | 3         | prompt
          """)
  void setting_outOfRange_isNamed(String name, String value, String param) {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    if (name.equals("seed")) {
      asked.addProperty("temperature", 1);
    }
    asked.add(name, JsonParser.parseString(value));

    HttpResponse<String> answer = client.post("/v1/caption", asked);

    assertError(answer, 400, param);
  }

  @Test
  void model_unknownOrOfTheOtherKind_isNamed() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("model", "gpt-4o");
    assertError(client.post("/v1/caption", asked), 404, "model");
    asked.addProperty("model", "itm");
    assertError(client.post("/v1/caption", asked), 400, "model");
    assertError(client.get("/v1/models/none"), 404, "model");
  }

  @Test
  void text_toExplain_thatIsBlank_isNamed() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("text", " ");
    assertError(client.post("/v1/explain", asked), 400, "text");
  }

  @Test
  void chat_thatCannotBe_isNamed() {
    assertChat(chat -> chat.add("messages", new JsonArray()), 400, "messages");
    assertChat(chat -> chat.remove("messages"), 400, "messages");
    assertChat(chat -> chat.add("tools", Client.strings("x")), 400, "tools");
    assertChat(chat -> chat.addProperty("frequency_penalty", 0.5), 400, "frequency_penalty");
    assertChat(chat -> chat.addProperty("user_name", "x"), 400, "user_name");
    assertChat(chat -> chat.add("stream_options", new JsonObject()), 400, "stream_options");
    assertChat(
        chat -> {
          chat.addProperty("max_tokens", 3);
          chat.addProperty("max_completion_tokens", 3);
        },
        400,
        "max_tokens");
    assertChat(
        chat ->
            chat.getAsJsonArray("messages").get(0).getAsJsonObject().addProperty("contents", "x"),
        400,
        "messages[0].contents");
    assertChat(
        chat -> image(chat).addProperty("detail", "tiny"),
        400,
        "messages[0].content[0].image_url.detail");
    JsonObject detailed = Client.chat("what is it?", Client.IMAGES[0]);
    image(detailed).addProperty("detail", "low");
    assertEquals(200, client.post("/v1/chat/completions", detailed).statusCode());
    assertChat(chat -> chat.add("stop", Client.strings("a", "b", "c", "d", "e")), 400, "stop");
    assertChat(
        chat -> chat.add("response_format", JsonParser.parseString("{\"type\":\"json_object\"}")),
        400,
        "response_format");
    assertChat(
        chat -> chat.getAsJsonArray("messages").add(Client.message("tool", new JsonPrimitive("x"))),
        400,
        "messages[1].role");
    assertError(client.post("/v1/chat/completions", Client.chat("what is it?")), 400, "messages");
  }

  @Test
  void chat_of10000Messages_isRefused() {
    JsonObject chat = Client.chat("what is it?", Client.IMAGES[0]);
    JsonArray messages = chat.getAsJsonArray("messages");
    for (int i = 0; i < 10_000; i++) {
      messages.add(Client.message("user", new JsonPrimitive("and?")));
    }
    assertError(client.post("/v1/chat/completions", chat), 400, "messages");
  }

  @Test
  void chat_longerThanTheModel_isRefused() {
    JsonObject chat = Client.chat("what is it? ".repeat(5000), Client.IMAGES[0]);

    HttpResponse<String> answer = client.post("/v1/chat/completions", chat);

    assertError(answer, 400, null);
  }

  private static JsonObject image(JsonObject chat) {
    JsonObject message = chat.getAsJsonArray("messages").get(0).getAsJsonObject();
    JsonObject part = message.getAsJsonArray("content").get(0).getAsJsonObject();
    return part.getAsJsonObject("image_url");
  }

  private static void assertChat(Consumer<JsonObject> change, int status, String param) {
    JsonObject chat = Client.chat("what is it?", Client.IMAGES[0]);
    change.accept(chat);
    assertError(client.post("/v1/chat/completions", chat), status, param);
  }

  @Test
  void json_nestedDeeplyOrBroken_isRefused() {
    String deep = "[".repeat(100_000);
    assertError(client.post("/v1/caption", "{\"image\":" + deep), 400, null);
    assertError(client.post("/v1/caption", "{\"image\":"), 400, null);
    assertError(client.post("/v1/caption", "{} {}"), 400, null);
    assertError(client.post("/v1/caption", ""), 400, null);
    assertError(client.post("/v1/caption", "{'image': 1}"), 400, null);
  }

  @Test
  void body_thatIsNoUtf8OrOfAnotherType_isRefused() {
    HttpRequest.Builder request = client.request("/v1/caption");
    byte[] bytes = {'{', '"', (byte) 0xFF, '"', ':', '1', '}'};
    request.header("Content-Type", "application/json");
    assertError(
        client.send(request.POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build()),
        400,
        null);
    assertError(
        client.send(
            client
                .request("/v1/caption")
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("hello"))
                .build()),
        415,
        null);
    assertError(form("multipart/form-data", "hello"), 400, null);
    assertError(form("multipart/form-data; boundary=x", "hello"), 400, null);
    assertError(form("multipart/form-data; boundary=x", "--x\r\nbroken"), 400, null);
  }

  private static HttpResponse<String> form(String type, String body) {
    return client.send(
        client
            .request("/v1/caption")
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  @Test
  void body_tooLarge_isRefusedBeforeItIsRead() throws IOException {
    JsonObject asked = new JsonObject();
    asked.addProperty("image", "x".repeat(4_000_000));
    String head =
        "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    String announced = client.raw(head + "Content-Length: 9000000000\r\n\r\n{");
    String chunked =
        client.raw(
            head
                + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                + ("10000\r\n" + "x".repeat(0x10000) + "\r\n").repeat(45));

    assertTrue(announced.startsWith("HTTP/1.1 413"), announced);
    assertTrue(announced.contains("body_too_large"), announced);
    assertTrue(chunked.startsWith("HTTP/1.1 413"), chunked);
  }

  @Test
  void picture_ofTooManyPixels_isRefused() throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(2000, 1000, BufferedImage.TYPE_BYTE_BINARY), "png", png);
    JsonObject asked = new JsonObject();
    asked.addProperty("image", Client.dataUrl("image/png", png.toByteArray()));

    HttpResponse<String> answer = client.post("/v1/caption", asked);

    assertError(answer, 400, "image");
    assertTrue(answer.body().contains("pixels"), answer.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/../openapi.json",
        "/page/%2e%2e/openapi.json",
        "/page/..%2fopenapi.json",
        "/page/%00",
        "/page//etc/passwd",
        "/page/..;/x",
        "/page/\\..\\x",
        "/../../etc/passwd",
        "/v1/models/../../etc/passwd",
        "/%zz"
      })
  void path_thatLeadsElsewhere_isRefused(String path) throws IOException {
    String answer =
        client.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    // A path that is plain after dots are resolved is the file of that name, as in any browser.
    boolean resolved = path.equals("/page/../openapi.json");
    assertTrue(answer.startsWith("HTTP/1.1 " + (resolved ? "200" : "40")), answer);
    assertFalse(answer.contains("root:"), answer);
    if (!resolved) {
      assertTrue(answer.contains("\"error\":{\"message\":"), answer);
    }
  }

  @Test
  void header_tooLongOrBroken_isRefused() throws IOException {
    String longHeader =
        client.raw(
            "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + "y".repeat(20_000) + "\r\n\r\n");
    String broken = client.raw("nonsense\r\n\r\n");
    String noHost = client.raw("GET /health HTTP/1.0\r\n\r\n");

    assertTrue(longHeader.startsWith("HTTP/1.1 431"), longHeader);
    assertTrue(longHeader.contains("\"error\""), longHeader);
    assertTrue(broken.startsWith("HTTP/1.1 400"), broken);
    assertTrue(broken.contains("\"error\""), broken);
    assertTrue(noHost.contains("403"), noHost);
  }

  @Test
  void request_cutAtEachPlace_leavesTheServerAlone() throws IOException {
    String body = Client.about(Client.IMAGES[0]).toString();
    String request =
        "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
    for (int end = 0; end <= bytes.length; end += end < 150 ? 1 : 97) {
      try (Socket socket = client.socket()) {
        OutputStream out = socket.getOutputStream();
        out.write(bytes, 0, end);
        out.flush();
        if (end % 3 == 0) {
          socket.setSoLinger(true, 0); // a reset instead of an end
        }
      }
    }
  }

  @Test
  void stream_closedAfterEachByteOfTheAnswer_leavesTheServerAlone() throws IOException {
    JsonObject asked = Client.chat("", Client.IMAGES[0]);
    asked.addProperty("stream", true);
    String body = asked.toString();
    for (int most = 0; most < 600; most += 29) {
      try (Socket socket = client.socket()) {
        socket
            .getOutputStream()
            .write(
                ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Type: application/json\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body)
                    .getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(most, socket.getInputStream().readNBytes(most).length);
      }
    }
  }

  @Test
  void body_ofAHalfClosedSocket_isIncomplete() throws IOException {
    try (Socket socket = client.socket()) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Content-Length: 1000\r\n\r\n{\"image\":")
                  .getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400"), answer);
    }
  }

  /** Checks an error and its shape. */
  static void assertError(HttpResponse<String> answer, int status, @Nullable String param) {
    assertEquals(status, answer.statusCode(), answer.body());
    JsonObject error =
        JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonObject("error");
    assertTrue(!error.get("message").getAsString().isBlank(), answer.body());
    assertTrue(error.has("type") && error.has("code"), answer.body());
    if (param != null) {
      assertEquals(
          param.equals("body") ? "\"body\"" : "\"" + param + "\"",
          error.get("param").toString(),
          answer.body());
    }
    assertTrue(answer.headers().firstValue("X-Request-Id").isPresent());
  }
}
