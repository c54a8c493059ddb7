package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Stop strings and log-probabilities of chats, whole and streamed. */
final class ChatSettingsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final double CLOSE = 1e-4; // batches round differently

  private static Blip2Server server;
  private static Client client;
  private static Blip2 blip2;
  private static Image image;
  private static Generated caption;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(Client.options());
    client = new Client(server.uri());
    blip2 = Blip2.load(Client.WRITER);
    image = new ImageDecoder().decode(Client.IMAGES[0]);
    caption = blip2.generate(image, "", blip2.captionConfig()).get(0);
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
    blip2.close();
  }

  private static JsonObject asked() {
    return Client.chat("", Client.IMAGES[0]);
  }

  private static double tokens() {
    return client
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("blip2_tokens_total "))
        .mapToDouble(line -> Double.parseDouble(line.substring(19)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void stop_anywhere_endsTheDecoding_andUsageCountsWhatWasDecoded() {
    for (int begin = 1; begin + 3 <= caption.text().length(); begin++) {
      String stop = caption.text().substring(begin, begin + 3);
      String expected = caption.text().substring(0, caption.text().indexOf(stop));
      JsonObject asked = asked();
      asked.addProperty("stop", stop);
      double before = tokens();

      JsonObject json = client.ok(CHAT, asked).getAsJsonObject();

      JsonObject choice = json.getAsJsonArray("choices").get(0).getAsJsonObject();
      assertEquals(expected, choice.getAsJsonObject("message").get("content").getAsString());
      assertEquals("stop", choice.get("finish_reason").getAsString());
      int steps = steps(stop);
      int counted = json.getAsJsonObject("usage").get("completion_tokens").getAsInt();
      assertEquals(steps, counted, "'" + stop + "'");
      assertEquals(steps, tokens() - before, "'" + stop + "'");
      asked.addProperty("stream", true);
      assertEquals(expected, text(events(asked)), "'" + stop + "'");
    }
    assertTrue(steps(caption.text().substring(1, 4)) < caption.tokenIds().size());
  }

  /** The number of tokens whose text has the string. */
  private static int steps(String stop) {
    for (int n = 1; n < caption.tokenIds().size(); n++) {
      int[] some = caption.tokenIds().stream().limit(n).mapToInt(Integer::intValue).toArray();
      if (blip2.tokenizer().decode(some).stripLeading().contains(stop)) {
        return n;
      }
    }
    return caption.tokenIds().size();
  }

  @Test
  void stop_thatOnlyBegins_isToldAtTheEnd() {
    String end = caption.text().substring(caption.text().length() - 2);
    JsonObject asked = asked();
    asked.add("stop", Client.strings(end + "xyz", "no such"));
    asked.addProperty("stream", true);

    assertEquals(caption.text(), text(events(asked)));
  }

  @Test
  void stop_ofACaption_endsItToo() {
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("stop", caption.text().substring(3, 6));

    JsonObject json = client.ok("/v1/caption", asked).getAsJsonObject();

    String text =
        json.getAsJsonArray("captions").get(0).getAsJsonObject().get("text").getAsString();
    assertEquals(caption.text().substring(0, 3), text);
  }

  @Test
  void topLogprobs_areTheLargestOfTheLogSoftmaxOfTheModelsLogits() {
    JsonObject asked = asked();
    asked.addProperty("logprobs", true);
    asked.addProperty("top_logprobs", 4);

    JsonObject json = client.ok(CHAT, asked).getAsJsonObject();
    JsonObject choice = json.getAsJsonArray("choices").get(0).getAsJsonObject();
    JsonArray whole = choice.getAsJsonObject("logprobs").getAsJsonArray("content");
    asked.addProperty("stream", true);
    var streamed = new JsonArray();
    List<JsonObject> chunks = events(asked);
    for (JsonObject chunk : chunks) {
      JsonElement logs = chunk.getAsJsonArray("choices").get(0).getAsJsonObject().get("logprobs");
      if (logs.isJsonObject()) {
        streamed.addAll(logs.getAsJsonObject().getAsJsonArray("content"));
      }
    }

    List<float[]> logits = logits();
    assertEquals(caption.tokenIds().size(), whole.size());
    for (JsonArray content : List.of(whole, streamed)) {
      assertEquals(logits.size(), content.size());
      for (int t = 0; t < logits.size(); t++) {
        assertEntry(
            logSoftmax(logits.get(t)), caption.tokenIds().get(t), content.get(t).getAsJsonObject());
      }
    }
    assertTrue(first(chunks, "logprobs"), "the first piece has its tokens with it");
  }

  private static boolean first(List<JsonObject> chunks, String name) {
    JsonObject second = chunks.get(1).getAsJsonArray("choices").get(0).getAsJsonObject();
    return second.getAsJsonObject("delta").has("content") && second.get(name).isJsonObject();
  }

  private static void assertEntry(double[] logs, int token, JsonObject entry) {
    assertEquals(spelled(token), entry.get("token").getAsString());
    assertEquals(logs[token], entry.get("logprob").getAsDouble(), CLOSE);
    List<Integer> order =
        IntStream.range(0, logs.length)
            .boxed()
            .sorted(Comparator.comparingDouble(id -> -logs[id]))
            .limit(4)
            .toList();
    JsonArray top = entry.getAsJsonArray("top_logprobs");
    assertEquals(4, top.size());
    for (int i = 0; i < 4; i++) {
      JsonObject one = top.get(i).getAsJsonObject();
      assertEquals(spelled(order.get(i)), one.get("token").getAsString());
      assertEquals(logs[order.get(i)], one.get("logprob").getAsDouble(), CLOSE);
      var bytes = new JsonArray();
      for (byte b : spelled(order.get(i)).getBytes(StandardCharsets.UTF_8)) {
        bytes.add(b & 0xFF);
      }
      assertEquals(bytes, one.get("bytes"));
      assertFalse(one.has("top_logprobs"));
    }
  }

  private static String spelled(int token) {
    return blip2.tokenizer().decodeAll(new int[] {token});
  }

  /** The logits of the model at the place of each token of the caption. */
  private static List<float[]> logits() {
    List<float[]> all = new ArrayList<>();
    int[] ends = blip2.model().config().text().endIds().stream().mapToInt(i -> i).toArray();
    Generator generator =
        Generator.of(GenerationConfig.greedy(), ends)
            .with((history, scores) -> all.add(scores.clone()));
    try (var features = blip2.encode(List.of(image));
        var scope = Scope.open()) {
      int[] prompt = blip2.tokenizer().encode("");
      var text = PromptBatch.of(List.of(prompt), 1, Side.LEFT);
      int[] tokens =
          blip2.model().generate(features.prompt(), text, generator, 20).get(0).get(0).tokens();
      assertEquals(caption.tokenIds(), IntStream.of(tokens).boxed().toList());
    }
    return all;
  }

  private static double[] logSoftmax(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    double[] logs = new double[logits.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = logits[i] - Math.log(sum);
    }
    return logs;
  }

  @Test
  void topLogprobs_outOfRangeOrAlone_areRefused() {
    for (int top : new int[] {-1, 21}) {
      JsonObject asked = asked();
      asked.addProperty("logprobs", true);
      asked.addProperty("top_logprobs", top);
      assertRefused(asked, "0 to 20 expected, got " + top);
    }
    JsonObject alone = asked();
    alone.addProperty("top_logprobs", 3);
    assertRefused(alone, "logprobs true expected");
  }

  private static void assertRefused(JsonObject asked, String message) {
    HttpResponse<String> answer = client.post(CHAT, asked);
    assertEquals(400, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains(message), answer.body());
    assertTrue(answer.body().contains("\"param\":\"top_logprobs\""), answer.body());
  }

  private static List<JsonObject> events(JsonObject asked) {
    HttpResponse<String> response = client.post(CHAT, asked);
    assertEquals(200, response.statusCode(), response.body());
    return response
        .body()
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JsonParser.parseString(line.substring(6)).getAsJsonObject())
        .toList();
  }

  private static String text(List<JsonObject> chunks) {
    var text = new StringBuilder();
    for (JsonObject chunk : chunks) {
      JsonObject delta =
          chunk.getAsJsonArray("choices").get(0).getAsJsonObject().getAsJsonObject("delta");
      text.append(delta.has("content") ? delta.get("content").getAsString() : "");
    }
    return text.toString();
  }
}
