package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the server answers about images and texts is what the library answers. */
final class MatchAnswersTest {
  private static final double CLOSE = 1e-4; // batches round differently

  private static Blip2Server server;
  private static Client client;
  private static ImageTextMatcher matcher;
  private static List<Image> images;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(Client.bothModels());
    client = new Client(server.uri());
    matcher = ImageTextMatcher.load(Client.MATCHER);
    images = Client.images();
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
    matcher.close();
  }

  @Test
  void match_isTheLibrarys() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.add("texts", Client.strings("a dog", "two cats"));

    JsonArray matches = object("/v1/match", asked).getAsJsonArray("matches");

    List<Match> expected = matcher.match(images.get(0), List.of("a dog", "two cats"));
    for (int i = 0; i < 2; i++) {
      JsonObject one = matches.get(i).getAsJsonObject();
      assertEquals(expected.get(i).itc(), one.get("itc").getAsDouble(), CLOSE);
      assertEquals(expected.get(i).itmLogit(), one.get("itm_logit").getAsDouble(), CLOSE);
    }
  }

  @Test
  void explain_asNumbersAndPictures_isTheLibrarys() throws IOException, InterruptedException {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("text", "two cats");
    asked.addProperty("format", "json");
    GradCamMaps expected = matcher.gradCam(images.get(0), "two cats");

    JsonObject json = object("/v1/explain", asked);
    asked.addProperty("format", "png");
    BufferedImage over = picture(asked);
    asked.addProperty("overlay", false);
    asked.addProperty("token", 1);
    BufferedImage alone = picture(asked);

    assertEquals(expected.words().size(), json.getAsJsonArray("maps").size());
    float[][] map = expected.relevance(expected.usualLayer());
    JsonArray row = json.getAsJsonArray("map").get(1).getAsJsonArray();
    assertEquals(map[1][0], row.get(0).getAsFloat(), 1e-6f);
    Image drawing = expected.drawing(expected.usualLayer());
    assertEquals(drawing.rgb(5, 7), over.getRGB(5, 7) & 0xFFFFFF);
    assertTrue(alone.getColorModel().hasAlpha());
    assertEquals(over.getWidth(), alone.getWidth());
  }

  private static BufferedImage picture(JsonObject asked) throws IOException, InterruptedException {
    HttpResponse<byte[]> png =
        client.bytesOf(
            client
                .request("/v1/explain")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(asked.toString()))
                .build());
    assertEquals("image/png", png.headers().firstValue("content-type").orElse(""));
    return Objects.requireNonNull(ImageIO.read(new ByteArrayInputStream(png.body())));
  }

  @Test
  void embeddings_asFloatsAndBase64_areTheLibrarys() {
    JsonObject asked = new JsonObject();
    asked.add("input", Client.strings("two cats", Client.dataUrl(Client.IMAGES[0])));

    JsonObject whole = object("/v1/embeddings", asked);
    JsonArray floats = whole.getAsJsonArray("data");
    asked.addProperty("encoding_format", "base64");
    JsonArray coded = object("/v1/embeddings", asked).getAsJsonArray("data");

    float[][] expected = {matcher.embed("two cats"), matcher.embedPooled(images.get(0))};
    for (int i = 0; i < 2; i++) {
      JsonArray numbers = floats.get(i).getAsJsonObject().getAsJsonArray("embedding");
      float[] given = new float[numbers.size()];
      for (int k = 0; k < given.length; k++) {
        given[k] = numbers.get(k).getAsFloat();
      }
      assertArrayEquals(expected[i], given, 1e-6f);
      String base64 = coded.get(i).getAsJsonObject().get("embedding").getAsString();
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(expected[i][3], bytes.getFloat(3 * Float.BYTES), 1e-6f);
    }
    // The text with its start and end, and the image's queries.
    int tokens =
        matcher.tokenizer().encode("two cats").length + matcher.embed(images.get(0)).length;
    assertEquals(tokens, whole.getAsJsonObject("usage").get("prompt_tokens").getAsInt());
    assertEquals(tokens, whole.getAsJsonObject("usage").get("total_tokens").getAsInt());
  }

  @Test
  void rerank_sortsByTheProbabilityOfAMatch() {
    JsonObject asked = new JsonObject();
    asked.addProperty("query", Client.dataUrl(Client.IMAGES[0]));
    asked.add("documents", Client.strings("a dog", "two cats", "a red circle"));
    asked.addProperty("top_n", 2);

    JsonArray results = object("/v1/rerank", asked).getAsJsonArray("results");

    List<Match> matches =
        matcher.match(images.get(0), List.of("a dog", "two cats", "a red circle"));
    assertEquals(2, results.size());
    JsonObject first = results.get(0).getAsJsonObject();
    double best = matches.stream().mapToDouble(Match::itmProbability).max().orElseThrow();
    assertEquals(best, first.get("relevance_score").getAsDouble(), CLOSE);
    Match named = matches.get(first.get("index").getAsInt());
    assertEquals(best, named.itmProbability());
  }

  private static JsonObject object(String path, JsonElement body) {
    return client.ok(path, body).getAsJsonObject();
  }
}
