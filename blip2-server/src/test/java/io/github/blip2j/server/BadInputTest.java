package io.github.blip2j.server;

import static io.github.blip2j.server.Client.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is sent, the answer is a clear error in OpenAI's shape, and the server goes on. */
final class BadInputTest {
  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server =
        Blip2Server.start(Client.bothModels().withImageBytes(1_000_000).withMaxPixels(1_000_000));
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
  void picture_ofTooManyPixels_isRefused() throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(2000, 1000, BufferedImage.TYPE_BYTE_BINARY), "png", png);
    JsonObject asked = new JsonObject();
    asked.addProperty("image", Client.dataUrl("image/png", png.toByteArray()));

    HttpResponse<String> answer = client.post("/v1/caption", asked);

    assertError(answer, 400, "image");
    assertTrue(answer.body().contains("pixels"), answer.body());
  }

  /** Bytes that are no image, which only the decoder finds. */
  @Test
  void picture_thatCannotBeRead_isNamedByItsPath() {
    String url = Client.dataUrl("image/png", new byte[] {1, 2, 3, 4, 5, 6});
    JsonObject chat = Client.chat("what is it?", Client.IMAGES[0], Client.IMAGES[1]);
    JsonObject message = chat.getAsJsonArray("messages").get(0).getAsJsonObject();
    JsonObject part = message.getAsJsonArray("content").get(1).getAsJsonObject();
    part.getAsJsonObject("image_url").addProperty("url", url);
    assertError(
        client.post("/v1/chat/completions", chat), 400, "messages[0].content[1].image_url.url");

    JsonObject embedded = new JsonObject();
    embedded.add("input", Client.strings("two cats", Client.dataUrl(Client.IMAGES[0]), url));
    assertError(client.post("/v1/embeddings", embedded), 400, "input[2]");

    JsonObject reranked = new JsonObject();
    reranked.addProperty("query", "two cats");
    reranked.add("documents", Client.strings(Client.dataUrl(Client.IMAGES[0]), url));
    assertError(client.post("/v1/rerank", reranked), 400, "documents[1]");
    JsonObject document = new JsonObject();
    document.addProperty("image", url);
    JsonArray documents = new JsonArray();
    documents.add(document);
    reranked.add("documents", documents);
    assertError(client.post("/v1/rerank", reranked), 400, "documents[0].image");
    reranked.addProperty("query", url);
    assertError(client.post("/v1/rerank", reranked), 400, "query");

    for (String path : new String[] {"/v1/caption", "/v1/match", "/v1/rank", "/v1/explain"}) {
      JsonObject asked = new JsonObject();
      asked.addProperty("image", url);
      if (path.equals("/v1/match")) {
        asked.add("texts", Client.strings("x"));
      } else if (path.equals("/v1/rank")) {
        asked.add("candidates", Client.strings("x", "y"));
      } else if (path.equals("/v1/explain")) {
        asked.addProperty("text", "x");
      }
      assertError(client.post(path, asked), 400, "image");
    }
  }
}
