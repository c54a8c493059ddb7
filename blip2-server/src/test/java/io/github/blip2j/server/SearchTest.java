package io.github.blip2j.server;

import static io.github.blip2j.server.Client.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Searches over HTTP have the library's results, and no file but an indexed photo is shown. */
final class SearchTest {
  private static final String TEXT = "two cats";

  @TempDir Path temporary;
  private Path photos = Path.of("");
  private Path index = Path.of("");
  private Blip2Server server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    photos = Files.createDirectory(temporary.toRealPath().resolve("photos"));
    for (Path image : Client.IMAGES) {
      Files.copy(image, photos.resolve(String.valueOf(image.getFileName())));
    }
    index = PhotoIndex.usualFolder(photos);
    update();
    server = Blip2Server.start(ServerOptions.defaults().withPort(0).withIndex(index));
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void update() throws IOException {
    MadeIndex.update(index, photos);
  }

  private List<PhotoHit> expected(PhotoQuery query) throws IOException {
    try (ImageTextMatcher matcher = ImageTextMatcher.load(Client.MATCHER)) {
      return PhotoIndex.open(index)
          .search(query, MatcherEmbedder.of(matcher, List.of(Client.MATCHER)));
    }
  }

  private static JsonObject text(String text) {
    var json = new JsonObject();
    json.addProperty("text", text);
    return json;
  }

  private JsonArray results(JsonElement asked) {
    return client.ok("/v1/search", asked).getAsJsonObject().getAsJsonArray("results");
  }

  private static void assertSame(List<PhotoHit> expected, JsonArray results) {
    assertEquals(expected.size(), results.size());
    for (int i = 0; i < results.size(); i++) {
      JsonObject result = results.get(i).getAsJsonObject();
      assertEquals(expected.get(i).photo().name(), result.get("path").getAsString());
      assertEquals(expected.get(i).similarity(), result.get("score").getAsDouble(), 1e-5);
      assertEquals(expected.get(i).match() != null, result.has("itm_logit"));
    }
  }

  @Test
  void search_byText_hasTheLibrarysResults() throws IOException {
    JsonObject asked = text(TEXT);
    assertSame(expected(PhotoQuery.text(TEXT)), results(asked));
    asked.addProperty("rerank", 2);
    asked.addProperty("exact", true);
    asked.addProperty("k", 2);
    List<PhotoHit> expected = expected(PhotoQuery.text(TEXT).exact().top(2).rerank(2));
    JsonArray results = results(asked);
    assertSame(expected, results);
    assertEquals(
        Objects.requireNonNull(expected.get(0).match()).itmProbability(),
        results.get(0).getAsJsonObject().get("itm_probability").getAsDouble(),
        1e-5);
  }

  @Test
  void search_byPicture_asJsonFormAndBytes_hasTheLibrarysResults() throws IOException {
    Image image = new ImageDecoder().decode(Client.IMAGES[1]);
    List<PhotoHit> expected = expected(PhotoQuery.image(image));
    assertEquals(1, expected.get(0).similarity(), 1e-5);

    assertSame(expected, results(Client.about(Client.IMAGES[1])));

    HttpRequest raw =
        client
            .request("/v1/search?k=1")
            .header("Content-Type", "image/png")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Client.bytes(Client.IMAGES[1])))
            .build();
    JsonObject answer = JsonParser.parseString(client.send(raw).body()).getAsJsonObject();
    assertSame(expected.subList(0, 1), answer.getAsJsonArray("results"));
    assertEquals("hf-itm", answer.get("model").getAsString());
  }

  @Test
  void search_filtersByFolderAndDate() throws IOException {
    Path trip = Files.createDirectory(photos.resolve("trip"));
    Path moved = Files.move(photos.resolve("a.png"), trip.resolve("a.png"));
    Files.setLastModifiedTime(moved, FileTime.from(Instant.parse("2020-06-15T12:00:00Z")));
    update();

    JsonObject asked = text(TEXT);
    asked.addProperty("folder", "trip");
    assertEquals(moved.toString(), only(asked));
    asked.remove("folder");
    asked.addProperty("before", "2020-07-01");
    assertEquals(moved.toString(), only(asked));
    asked.addProperty("after", "2020-06-20");
    assertEquals(0, results(asked).size());
  }

  private String only(JsonObject asked) {
    JsonArray results = results(asked);
    assertEquals(1, results.size());
    return results.get(0).getAsJsonObject().get("path").getAsString();
  }

  @Test
  void status_tellsOfTheIndex_andSearchesFindWhatAnIndexerWrote() throws IOException {
    JsonObject told = client.json("/v1/status").getAsJsonObject("index");
    assertEquals(3, told.get("images").getAsInt());
    assertEquals("hf-itm", told.get("model").getAsString());
    Files.delete(photos.resolve("a.png"));
    update();

    assertEquals(2, results(text(TEXT)).size());
    assertEquals(2, client.json("/v1/status").getAsJsonObject("index").get("images").getAsInt());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|text",
        "{'text': ' '}|text",
        "{'text': 'a', 'image': 'data:image/png;base64,AA=='}|text",
        "{'text': 7}|text",
        "{'text': 'a', 'k': 0}|k",
        "{'text': 'a', 'k': 1001}|k",
        "{'text': 'a', 'rerank': -1}|rerank",
        "{'text': 'a', 'after': 'yesterday'}|after",
        "{'text': 'a', 'before': '2020-02-30'}|before",
        "{'text': 'a', 'folder': ''}|folder",
        "{'text': 'a', 'colour': 'red'}|colour",
        "{'image': '/etc/passwd'}|image"
      })
  void search_badFields_areNamed(String asked, String param) {
    assertError(client.post("/v1/search", asked.replace('\'', '"')), 400, param);
  }

  @Test
  void search_withoutAnIndex_saysSo() throws IOException {
    try (Blip2Server plain = Blip2Server.start(ServerOptions.defaults().withPort(0))) {
      var other = new Client(plain.uri());
      assertFalse(other.json("/v1/status").has("index"));
      HttpResponse<String> answer = other.post("/v1/search", text(TEXT));
      assertError(answer, 404, null);
      assertTrue(answer.body().contains("\"no_index\""), answer.body());
      assertError(other.get("/v1/thumbnails/" + "0".repeat(64)), 404, null);
    }
  }

  @Test
  void index_goneOrOfAnotherModel_isAnErrorWithoutPaths_andTheServerGoesOn() throws IOException {
    results(text(TEXT));
    Path away = Files.move(index, temporary.resolve("away"));

    HttpResponse<String> answer = client.post("/v1/search", text(TEXT));

    assertError(answer, 503, null);
    assertTrue(answer.body().contains("index_unavailable"), answer.body());
    assertFalse(answer.body().contains(temporary.toString()), answer.body());
    Files.move(away, index);
    assertEquals(3, results(text(TEXT)).size());
  }

  @Test
  void start_withoutTheIndexsModelOrAnIndex_isRefused() throws IOException {
    Path catalog = index.resolve("catalog.jsonl");
    String text = Files.readString(catalog);
    Files.writeString(
        catalog, text.replaceFirst("\"digest\":\"[0-9a-f]{12}", "\"digest\":\"000000000000"));
    ServerOptions options = ServerOptions.defaults().withPort(0);

    String message =
        String.valueOf(
            assertThrows(IndexException.class, () -> Blip2Server.start(options.withIndex(index)))
                .getMessage());

    assertTrue(message.contains("(000000000000, "), message);
    assertTrue(message.contains("got [bundled, bundled-matcher]; name it with --model"), message);
    assertThrows(
        IndexException.class, () -> Blip2Server.start(options.withIndex(temporary.resolve("no"))));
  }

  @Test
  void thumbnail_isASmallJpegOfThePhoto() throws IOException, InterruptedException {
    JsonObject first = results(text(TEXT)).get(0).getAsJsonObject();
    String path = first.get("thumbnail").getAsString();

    HttpResponse<byte[]> answer = client.bytesOf(client.request(path).build());

    assertEquals(200, answer.statusCode());
    assertEquals("image/jpeg", answer.headers().firstValue("Content-Type").orElse(""));
    Image small = new ImageDecoder().decode(answer.body(), "thumbnail");
    Image photo = new ImageDecoder().decode(Path.of(first.get("path").getAsString()));
    assertEquals(photo.width(), small.width()); // all are smaller than a thumbnail may be
    int differences = 0;
    for (int y = 0; y < photo.height(); y++) {
      for (int x = 0; x < photo.width(); x++) {
        int green = (photo.rgb(x, y) >> 8 & 0xff) - (small.rgb(x, y) >> 8 & 0xff);
        differences += Math.abs(green);
      }
    }
    assertTrue(differences < 12 * photo.width() * photo.height(), "the photo, as JPEG");
  }

  /** A link in a photo's place, of the same length and time, would otherwise show its target. */
  @Test
  void thumbnail_ofAFileThatWasReplaced_isRefused() throws IOException {
    Path photo = photos.resolve("a.png");
    JsonObject like = Client.about(Client.IMAGES[0]);
    String thumbnail = results(like).get(0).getAsJsonObject().get("thumbnail").getAsString();
    byte[] secret = Client.bytes(Client.IMAGES[1]);
    byte[] sameLength = Arrays.copyOf(secret, (int) Files.size(photo));
    FileTime time = Files.getLastModifiedTime(photo);
    Path elsewhere = Files.write(temporary.resolve("secret.png"), sameLength);
    Files.setLastModifiedTime(elsewhere, time);
    Files.delete(photo);
    Files.createSymbolicLink(photo, elsewhere);

    assertError(client.get(thumbnail), 404, null);
    Files.delete(photo);
    assertError(client.get(thumbnail), 404, null);
    JsonObject found = results(like).get(0).getAsJsonObject();
    assertEquals("missing", found.get("state").getAsString());
    assertTrue(found.get("thumbnail").isJsonNull());
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/thumbnails/..%2f..%2fetc%2fpasswd",
    "/v1/thumbnails/%2e%2e/status",
    "/v1/thumbnails/../../etc/passwd",
    "/v1/thumbnails//etc/passwd",
    "/v1/thumbnails/a.png",
    "/v1/thumbnails/0000000000000000000000000000000000000000000000000000000000000000"
  })
  void thumbnail_ofAnythingElse_isRefused(String path) throws IOException {
    String answer =
        client.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assertTrue(answer.matches("(?s)HTTP/1.1 (400|404) .*\"error\".*"), answer);
  }

  @Test
  void thumbnailsAndSearches_needTheKey() throws IOException {
    try (Blip2Server locked =
        Blip2Server.start(
            ServerOptions.defaults().withPort(0).withIndex(index).withApiKey("secret"))) {
      var other = new Client(locked.uri());
      assertError(other.post("/v1/search", text(TEXT)), 401, null);
      String name = results(text(TEXT)).get(0).getAsJsonObject().get("thumbnail").getAsString();
      assertError(other.get(name), 401, null);
    }
  }
}
