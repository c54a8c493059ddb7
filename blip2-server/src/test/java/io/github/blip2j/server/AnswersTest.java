package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
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
    server = Blip2Server.start(Client.bothModels());
    client = new Client(server.uri());
    blip2 = Blip2.load(Client.WRITER);
    matcher = ImageTextMatcher.load(Client.MATCHER);
    images = Client.images();
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
