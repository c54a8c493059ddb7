package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the server answers is what the library answers. */
final class AnswersTest {
  private static final double CLOSE = 1e-4; // batches round differently

  private static Blip2Server server;
  private static Client client;
  private static Blip2 blip2;
  private static ImageTextMatcher matcher;
  private static List<Image> images;

  @BeforeAll
  static void start() throws IOException {
    server =
        Blip2Server.start(
            ServerOptions.defaults()
                .withPort(0)
                .withBundledModel("bundled")
                .withModel("itm", Client.MATCHER));
    client = new Client(server.uri());
    blip2 = Blip2.bundled();
    matcher = ImageTextMatcher.load(Client.MATCHER);
    images = new ArrayList<>();
    for (var path : Client.IMAGES) {
      images.add(new ImageDecoder().decode(path));
    }
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
    blip2.close();
    matcher.close();
  }

  @Test
  void caption_isTheLibrarys() {
    for (int i = 0; i < images.size(); i++) {
      JsonObject json = object("/v1/caption", Client.about(Client.IMAGES[i]));

      JsonObject caption = json.getAsJsonArray("captions").get(0).getAsJsonObject();
      Generated expected = blip2.generate(images.get(i), "", blip2.captionConfig()).get(0);
      assertEquals(expected.text(), caption.get("text").getAsString());
      double sum = expected.logProbabilities().stream().mapToDouble(x -> x).sum();
      assertEquals(sum, caption.get("log_probability").getAsDouble(), CLOSE);
      assertEquals("bundled", json.get("model").getAsString());
    }
  }

  @Test
  void caption_withSettings_followsThem() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("prompt", "a");
    asked.addProperty("num_beams", 3);
    asked.addProperty("n", 2);
    asked.addProperty("max_tokens", 6);
    asked.addProperty("repetition_penalty", 1.5);

    JsonArray captions = object("/v1/caption", asked).getAsJsonArray("captions");

    GenerationConfig config =
        blip2
            .captionConfig()
            .maxNewTokens(6)
            .numBeams(3)
            .repetitionPenalty(1.5)
            .numReturnSequences(2);
    List<Generated> expected = blip2.generate(images.get(0), "a", config);
    assertEquals(
        expected.stream().map(Generated::text).toList(),
        captions.asList().stream()
            .map(one -> one.getAsJsonObject().get("text").getAsString())
            .toList());
  }

  @Test
  void caption_ofRawBytesAndForm_isThatOfJson() {
    String expected = blip2.caption(images.get(1));
    byte[] bytes = Client.bytes(Client.IMAGES[1]);
    HttpResponse<String> raw =
        client.send(
            client
                .request("/v1/caption?model=bundled&num_beams=1")
                .header("Content-Type", "image/png")
                .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                .build());

    assertEquals(expected, firstCaption(raw));
    assertEquals(expected, firstCaption(client.send(form(bytes))));
  }

  private static HttpRequest form(byte[] bytes) {
    String edge = "xxEDGExx";
    byte[] head =
        ("--"
                + edge
                + "\r\nContent-Disposition: form-data; name=\"num_beams\"\r\n\r\n1\r\n"
                + "--"
                + edge
                + "\r\nContent-Disposition: form-data; name=\"image\";"
                + " filename=\"b.png\"\r\nContent-Type: image/png\r\n\r\n")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] tail = ("\r\n--" + edge + "--\r\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return client
        .request("/v1/caption")
        .header("Content-Type", "multipart/form-data; boundary=" + edge)
        .POST(HttpRequest.BodyPublishers.ofByteArrays(List.of(head, bytes, tail)))
        .build();
  }

  private static String firstCaption(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    JsonObject json = JsonParser.parseString(response.body()).getAsJsonObject();
    return json.getAsJsonArray("captions").get(0).getAsJsonObject().get("text").getAsString();
  }

  @Test
  void answer_withAConversation_isTheLibrarys() {
    JsonObject turn = new JsonObject();
    turn.addProperty("question", "what shape is it?");
    turn.addProperty("answer", "a circle");
    JsonArray turns = new JsonArray();
    turns.add(turn);
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("question", "what color is it?");
    asked.add("conversation", turns);

    String answer = object("/v1/answer", asked).get("answer").getAsString();

    Conversation before = Conversation.empty().and("what shape is it?", "a circle");
    assertEquals(blip2.answer(images.get(0), before, "what color is it?"), answer);
  }

  @Test
  void answer_streamed_joinsToTheSame() {
    JsonObject asked = Client.about(Client.IMAGES[2]);
    asked.addProperty("question", "what color is the circle?");
    asked.addProperty("stream", true);

    List<JsonObject> events = events(client.post("/v1/answer", asked).body());

    var joined = new StringBuilder();
    for (JsonObject event : events.subList(0, events.size() - 1)) {
      joined.append(event.get("text").getAsString());
    }
    String expected = blip2.answer(images.get(2), "what color is the circle?");
    assertEquals(expected, joined.toString());
    JsonObject done = events.get(events.size() - 1).getAsJsonObject("done");
    assertEquals(expected, done.get("answer").getAsString());
    assertTrue(done.getAsJsonObject("timing_ms").get("total").getAsDouble() > 0);
  }

  @Test
  void chat_ofQuestionBlankAndTurns_isTheLibrarys() {
    assertEquals(
        blip2.answer(images.get(0), "what is it?"),
        content(Client.chat("what is it?", Client.IMAGES[0])));
    assertEquals(blip2.caption(images.get(0)), content(Client.chat(" ", Client.IMAGES[0])));

    JsonObject talk = Client.chat("what is it?", Client.IMAGES[0]);
    JsonArray messages = talk.getAsJsonArray("messages");
    messages.add(Client.message("assistant", new JsonPrimitive("a circle")));
    messages.add(Client.message("user", new JsonPrimitive("what color?")));
    Conversation before = Conversation.empty().and("what is it?", "a circle");
    assertEquals(blip2.answer(images.get(0), before, "what color?"), content(talk));
  }

  @Test
  void chat_ofSeveralImages_isOnePrompt() {
    JsonObject asked = Client.chat("which is larger?", Client.IMAGES[0], Client.IMAGES[1]);

    Prompt prompt =
        Prompt.of(images.get(0))
            .image(images.get(1))
            .text(blip2.questions().ask("which is larger?"));
    assertEquals(blip2.generate(prompt, blip2.answerConfig()).get(0).text(), content(asked));
  }

  @Test
  void chat_withLogprobsAndRaw_hasThoseOfTheLibrary() {
    JsonObject asked = Client.chat("a photo of", Client.IMAGES[0]);
    asked.addProperty("raw", true);
    asked.addProperty("logprobs", true);

    JsonObject json = object("/v1/chat/completions", asked);

    Generated expected = blip2.generate(images.get(0), "a photo of", blip2.answerConfig()).get(0);
    JsonObject choice = json.getAsJsonArray("choices").get(0).getAsJsonObject();
    JsonArray tokens = choice.getAsJsonObject("logprobs").getAsJsonArray("content");
    assertEquals(expected.tokenIds().size(), tokens.size());
    for (int t = 0; t < tokens.size(); t++) {
      double log = tokens.get(t).getAsJsonObject().get("logprob").getAsDouble();
      assertEquals(expected.logProbabilities().get(t), log, CLOSE);
    }
    assertEquals(expected.ended() ? "stop" : "length", choice.get("finish_reason").getAsString());
    JsonObject usage = json.getAsJsonObject("usage");
    assertEquals(expected.tokenIds().size(), usage.get("completion_tokens").getAsInt());
    int prompt =
        blip2.model().config().queryTokens() + blip2.tokenizer().encodePlain("a photo of").length;
    assertEquals(prompt, usage.get("prompt_tokens").getAsInt());
  }

  @Test
  void chat_sampledWithASeed_repeats() {
    JsonObject asked = Client.chat("what is it?", Client.IMAGES[0]);
    asked.addProperty("temperature", 1.5);
    asked.addProperty("seed", 7);
    asked.addProperty("n", 3);

    JsonArray choices = object("/v1/chat/completions", asked).getAsJsonArray("choices");

    GenerationConfig config =
        blip2.answerConfig().sampling().temperature(1.5).seed(7).numReturnSequences(3);
    String prompt = blip2.questions().ask("what is it?");
    List<Generated> expected = blip2.generate(images.get(0), prompt, config);
    assertEquals(
        expected.stream().map(Generated::text).toList(),
        choices.asList().stream()
            .map(one -> one.getAsJsonObject().getAsJsonObject("message"))
            .map(message -> message.get("content").getAsString())
            .toList());
  }

  @Test
  void chat_streamed_hasRoleTextReasonUsageAndDone() {
    JsonObject asked = Client.chat("", Client.IMAGES[0]);
    asked.addProperty("stream", true);
    JsonObject options = new JsonObject();
    options.addProperty("include_usage", true);
    asked.add("stream_options", options);

    HttpResponse<String> response = client.post("/v1/chat/completions", asked);

    assertEquals("text/event-stream", response.headers().firstValue("content-type").orElse(""));
    assertTrue(response.body().endsWith("data: [DONE]\n\n"), response.body());
    List<JsonObject> chunks = events(response.body());
    assertEquals(blip2.caption(images.get(0)), joined(chunks));
    assertEquals("assistant", delta(chunks.get(0)).get("role").getAsString());
    assertTrue(choice(chunks.get(1)).get("finish_reason").isJsonNull());
    JsonObject last = chunks.get(chunks.size() - 1);
    assertEquals(0, last.getAsJsonArray("choices").size());
    assertTrue(last.getAsJsonObject("usage").get("completion_tokens").getAsInt() > 1);
    String reason = choice(chunks.get(chunks.size() - 2)).get("finish_reason").getAsString();
    assertEquals("stop", reason);
    assertEquals(1, chunks.stream().map(chunk -> chunk.get("id").getAsString()).distinct().count());
  }

  @Test
  void chat_withStop_endsBeforeIt() {
    String caption = blip2.caption(images.get(0));
    String stop = caption.substring(caption.length() / 2, caption.length() / 2 + 3);
    String expected = caption.substring(0, caption.indexOf(stop));
    JsonObject asked = Client.chat("", Client.IMAGES[0]);
    asked.addProperty("stop", stop);

    assertEquals(expected, content(asked));

    asked.addProperty("stream", true);
    assertEquals(expected, joined(events(client.post("/v1/chat/completions", asked).body())));
  }

  @Test
  void rank_isTheLibrarys() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("question", "what color is it?");
    asked.add("candidates", Client.strings("red", "blue", "a large yellow one"));
    asked.addProperty("by", "mean");

    JsonArray ranked = object("/v1/rank", asked).getAsJsonArray("candidates");

    List<RankedCandidate> expected =
        blip2.rank(
            images.get(0),
            blip2.questions().ask("what color is it?"),
            List.of("red", "blue", "a large yellow one"),
            CandidateRanking.byMean());
    double all = 0;
    for (int i = 0; i < expected.size(); i++) {
      JsonObject one = ranked.get(i).getAsJsonObject();
      assertEquals(expected.get(i).index(), one.get("index").getAsInt());
      assertEquals(expected.get(i).mean(), one.get("log_probability").getAsDouble(), CLOSE);
      all += one.get("probability").getAsDouble();
    }
    assertEquals(1, all, 1e-9);
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

    JsonArray floats = object("/v1/embeddings", asked).getAsJsonArray("data");
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

  @Test
  void models_saysWhatEachCan() {
    JsonObject json = client.json("/v1/models");

    JsonArray data = json.getAsJsonArray("data");
    assertEquals(2, data.size());
    JsonObject bundled = data.get(0).getAsJsonObject();
    assertEquals("bundled", bundled.get("id").getAsString());
    JsonObject details = bundled.getAsJsonObject("blip2");
    assertEquals("generate", details.get("kind").getAsString());
    assertTrue(details.get("loaded").getAsBoolean());
    assertEquals(
        blip2.captionConfig().maxNewTokens(),
        details
            .getAsJsonObject("defaults")
            .getAsJsonObject("caption")
            .get("max_tokens")
            .getAsInt());
    JsonObject itm = client.json("/v1/models/itm").getAsJsonObject("blip2");
    assertEquals("[\"match\",\"explain\",\"embed\"]", itm.get("tasks").toString());
  }

  private static JsonObject object(String path, JsonElement body) {
    return client.ok(path, body).getAsJsonObject();
  }

  private static String content(JsonObject chat) {
    JsonObject json = object("/v1/chat/completions", chat);
    JsonObject choice = json.getAsJsonArray("choices").get(0).getAsJsonObject();
    return choice.getAsJsonObject("message").get("content").getAsString();
  }

  private static List<JsonObject> events(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JsonParser.parseString(line.substring(6)).getAsJsonObject())
        .toList();
  }

  private static JsonObject choice(JsonObject chunk) {
    return chunk.getAsJsonArray("choices").get(0).getAsJsonObject();
  }

  private static JsonObject delta(JsonObject chunk) {
    return choice(chunk).getAsJsonObject("delta");
  }

  private static String joined(List<JsonObject> chunks) {
    var text = new StringBuilder();
    for (JsonObject chunk : chunks) {
      if (!chunk.getAsJsonArray("choices").isEmpty() && delta(chunk).has("content")) {
        text.append(delta(chunk).get("content").getAsString());
      }
    }
    return text.toString();
  }
}
