package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is nearly right is refused too, in words that say what to change. */
final class StrictInputTest {
  private static final String JSON = "application/json";
  private static final int IMAGE_BYTES = 100_000;
  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(ServerOptions.defaults().withPort(0).withImageBytes(IMAGE_BYTES));
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void serverGoesOn() {
    client.assertServerGoesOn();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          max_tokens  | "5"
          max_tokens  | "5d"
          n           | " 1 "
          num_beams   | "0x3p0"
          seed        | [7]
          seed        | "7"
          seed        | "x"
          logprobs    | "true"
          stream      | "false"
          temperature | -0.5
          top_p       | 1.1
          top_p       | 0
          top_k       | -1
          """)
  void setting_ofAnotherTypeOrRange_isNamed(String name, String value) {
    JsonObject chat = Client.chat("what is it?", Client.IMAGES[0]);
    chat.add(name, JsonParser.parseString(value));

    Client.assertError(client.post("/v1/chat/completions", chat), 400, name);
  }

  @ParameterizedTest
  @CsvSource({"num_beams=3, 200", "num_beams=0x3p0, 400", "num_beams=3d, 400", "n=1e0, 200"})
  void query_hasNumbersAsTexts(String query, int status) {
    HttpResponse<String> answer =
        client.send(posted("image/png", Client.bytes(Client.IMAGES[0]), "?" + query).build());

    assertEquals(status, answer.statusCode(), answer.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"num_beams": 1, "num_beams": 2} | 'num_beams' twice
          {"temperature": NaN}             | line 1, column
          {"seed": 007}                    | line 1, column
          {"image": "\\x"}                 | line 1, column
          {"image":                        | end too early
          {} {}                            | line 1, column
          """)
  void json_thatIsBroken_isToldWithoutNamesOfClasses(String body, String told) {
    HttpResponse<String> answer = client.post("/v1/caption", body);

    Client.assertError(answer, 400, null);
    assertTrue(answer.body().contains(told), answer.body());
    assertFalse(answer.body().contains("gson") || answer.body().contains("java."), answer.body());
  }

  @Test
  void json_inUtf16_isToldAsSuch() {
    byte[] body = Client.about(Client.IMAGES[0]).toString().getBytes(StandardCharsets.UTF_16);

    HttpResponse<String> answer = client.send(posted(JSON, body, "").build());

    Client.assertError(answer, 400, null);
    assertTrue(answer.body().contains("no UTF-8"), answer.body());
  }

  @Test
  void json_nestedDeeply_isToldInFewWords() {
    HttpResponse<String> answer = client.post("/v1/caption", "{\"a\":".repeat(100_000));

    Client.assertError(answer, 400, null);
    assertTrue(answer.body().contains("100 levels"), answer.body());
    assertTrue(answer.body().length() < 300, answer.body());
  }

  @Test
  void value_thatIsLong_isNotToldBackWhole() {
    String text = "x".repeat(100_000);
    JsonObject chat = Client.chat("what is it?", Client.IMAGES[0]);
    chat.addProperty("model", text);
    HttpResponse<String> model = client.post("/v1/chat/completions", chat);
    HttpResponse<String> name = client.post("/v1/caption", "{\"" + text + "\": 1}");

    Client.assertError(model, 404, "model");
    Client.assertError(name, 400, null);
    assertTrue(model.body().length() < 1000, "length " + model.body().length());
    assertTrue(name.body().length() < 1500, "length " + name.body().length());
  }

  @Test
  void body_thatIsCoded_isRefused() throws IOException {
    byte[] plain = Client.about(Client.IMAGES[0]).toString().getBytes(StandardCharsets.UTF_8);
    var zipped = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(zipped)) {
      gzip.write(plain);
    }
    for (byte[] body : Arrays.asList(plain, zipped.toByteArray())) {
      HttpRequest.Builder request = posted(JSON, body, "").header("Content-Encoding", "gzip");
      HttpResponse<String> answer = client.send(request.build());
      Client.assertError(answer, 415, null);
      assertTrue(answer.body().contains("Content-Encoding"), answer.body());
    }
    HttpRequest.Builder identity = posted(JSON, plain, "").header("Content-Encoding", "identity");
    assertEquals(200, client.send(identity.build()).statusCode());
    Client.assertError(client.send(posted("application/jsonx", plain, "").build()), 415, null);
    String coded =
        client.raw(
            String.join(
                "\r\n",
                "POST /v1/caption HTTP/1.1",
                "Host: localhost",
                "Connection: close",
                "Transfer-Encoding: gzip, chunked",
                "",
                "0",
                "",
                ""));
    assertTrue(coded.startsWith("HTTP/1.1 501"), coded);
  }

  @ParameterizedTest
  @CsvSource({"é, U+00E9", "-, U+002D", "' ', U+0020", "=, padding"})
  void base64_thatIsBroken_isToldWithItsPlace(String sign, String told) {
    String coded = Base64.getEncoder().encodeToString(Client.bytes(Client.IMAGES[0]));
    var asked = new JsonObject();
    asked.addProperty("image", "data:image/png;base64," + sign + coded);

    HttpResponse<String> answer = client.post("/v1/caption", asked);

    Client.assertError(answer, 400, "image");
    assertTrue(answer.body().contains(told), answer.body());
  }

  @Test
  void image_ofMoreBytesThanAllowed_isRefusedHoweverItComes() {
    byte[] large = Arrays.copyOf(Client.bytes(Client.IMAGES[0]), IMAGE_BYTES + 1);
    var asked = new JsonObject();
    asked.addProperty("image", Client.dataUrl("image/png", large));

    Client.assertError(client.post("/v1/caption", asked), 400, "image");
    Client.assertError(client.send(posted("image/png", large, "").build()), 400, "image");
    byte[] most = Arrays.copyOf(large, IMAGE_BYTES);
    assertEquals(200, client.send(posted("image/png", most, "").build()).statusCode());
  }

  @Test
  void form_withAPartWithoutAName_isToldSo() {
    byte[] body = "--x\r\nX: y\r\n\r\n\u00ff\r\n--x--\r\n".getBytes(StandardCharsets.ISO_8859_1);

    HttpResponse<String> answer =
        client.send(posted("multipart/form-data; boundary=x", body, "").build());

    Client.assertError(answer, 400, null);
    assertTrue(answer.body().contains("without a name"), answer.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /page/%2e%2e/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"
      })
  void request_thatIsNoHttp_isToldWhatToChange(String request) throws IOException {
    String answer = client.raw(request);

    assertTrue(answer.contains("expected, got"), answer);
    assertTrue(answer.contains(";"), answer);
  }

  @Test
  void client_thatClosedItsSendingSide_isToldSo() throws IOException {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("max_tokens", 4096);
    asked.addProperty("num_beams", 64); // long enough for the look at the connection
    asked.addProperty("min_tokens", 100);
    String body = asked.toString();
    for (int i = 0; i < 20; i++) {
      String answer = halfClosed(body);
      assertFalse(answer.startsWith("HTTP/1.1 5"), answer);
      if (answer.startsWith("HTTP/1.1 499")) {
        assertTrue(answer.contains("keep its sending side open"), answer);
        return;
      }
    }
    throw new AssertionError("no request was under way when it was looked at");
  }

  private static String halfClosed(String body) throws IOException {
    try (Socket socket = client.socket()) {
      String head =
          "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nContent-Length: ";
      socket
          .getOutputStream()
          .write((head + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @CsvSource({"cross-site, 403", "same-site, 403", "same-origin, 200", "none, 200"})
  void page_ofAnotherSiteThatNamesNoOrigin_isRefused(String site, int status) {
    HttpRequest.Builder request =
        posted("image/png", Client.bytes(Client.IMAGES[0]), "").header("Sec-Fetch-Site", site);

    assertEquals(status, client.send(request.build()).statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "a b", "key\n", "clé"})
  void key_thatNoClientCanName_isRefused(String key) {
    assertThrows(IllegalArgumentException.class, () -> ServerOptions.defaults().withApiKey(key));
  }

  @Test
  void host_blank_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> ServerOptions.defaults().withHost(" "));
  }

  private static HttpRequest.Builder posted(String type, byte[] body, String query) {
    return client
        .request("/v1/caption" + query)
        .header("Content-Type", type)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
  }
}
