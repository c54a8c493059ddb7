package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.server.work.GenerateJob.Written;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OpenAI's JSON for one chat, whole or in chunks. */
final class ChatJson {
  private final String id;
  private final String model;
  private final long created = System.currentTimeMillis() / 1000;
  private final List<String> stops;
  private final boolean logs;

  ChatJson(String id, String model, List<String> stops, boolean logs) {
    this.id = "chatcmpl-" + id;
    this.model = model;
    this.stops = stops;
    this.logs = logs;
  }

  /** A {@code chat.completion}. */
  JsonObject whole(Written written) {
    var choices = new JsonArray();
    for (int i = 0; i < written.texts().size(); i++) {
      var message = new JsonObject();
      message.addProperty("role", "assistant");
      message.addProperty("content", StopText.cut(written.texts().get(i).text(), stops));
      message.add("refusal", JsonNull.INSTANCE);
      var choice = new JsonObject();
      choice.addProperty("index", i);
      choice.add("message", message);
      choice.add("logprobs", logs ? logprobs(written, i) : JsonNull.INSTANCE);
      choice.addProperty("finish_reason", reason(written.texts().get(i)));
      choices.add(choice);
    }
    JsonObject json = head("chat.completion");
    json.add("choices", choices);
    json.add("usage", usage(written));
    return json;
  }

  /**
   * A {@code chat.completion.chunk}.
   *
   * @param reason why the text ended, or null if it goes on
   */
  JsonObject chunk(
      int index, @Nullable String role, @Nullable String text, @Nullable String reason) {
    var delta = new JsonObject();
    if (role != null) {
      delta.addProperty("role", role);
    }
    if (text != null) {
      delta.addProperty("content", text);
    }
    var choice = new JsonObject();
    choice.addProperty("index", index);
    choice.add("delta", delta);
    choice.add("logprobs", JsonNull.INSTANCE);
    if (reason == null) {
      choice.add("finish_reason", JsonNull.INSTANCE); // clients expect the name to be there
    } else {
      choice.addProperty("finish_reason", reason);
    }
    var choices = new JsonArray();
    choices.add(choice);
    JsonObject json = head("chat.completion.chunk");
    json.add("choices", choices);
    return json;
  }

  /** The last chunk of a text, which carries the log-probabilities. */
  JsonObject lastChunk(int index, Written written) {
    JsonObject json = chunk(index, null, null, reason(written.texts().get(index)));
    if (logs) {
      JsonObject choice = json.getAsJsonArray("choices").get(0).getAsJsonObject();
      choice.add("logprobs", logprobs(written, index));
    }
    return json;
  }

  /** The chunk that has the usage and no text. */
  JsonObject usageChunk(Written written) {
    JsonObject json = head("chat.completion.chunk");
    json.add("choices", new JsonArray());
    json.add("usage", usage(written));
    return json;
  }

  private JsonObject head(String object) {
    var json = new JsonObject();
    json.addProperty("id", id);
    json.addProperty("object", object);
    json.addProperty("created", created);
    json.addProperty("model", model);
    return json;
  }

  private String reason(Generated text) {
    boolean cut = !StopText.cut(text.text(), stops).equals(text.text());
    return text.ended() || cut ? "stop" : "length";
  }

  private static JsonObject usage(Written written) {
    int tokens = written.texts().stream().mapToInt(text -> text.tokenIds().size()).sum();
    var usage = new JsonObject();
    usage.addProperty("prompt_tokens", written.promptTokens());
    usage.addProperty("completion_tokens", tokens);
    usage.addProperty("total_tokens", written.promptTokens() + tokens);
    return usage;
  }

  private static JsonElement logprobs(Written written, int index) {
    Generated text = written.texts().get(index);
    var content = new JsonArray();
    for (int t = 0; t < text.tokenIds().size(); t++) {
      String token = written.tokens().get(index).get(t);
      var bytes = new JsonArray();
      for (byte one : token.getBytes(StandardCharsets.UTF_8)) {
        bytes.add(one & 0xFF);
      }
      var entry = new JsonObject();
      entry.addProperty("token", token);
      entry.addProperty("logprob", text.logProbabilities().get(t));
      entry.add("bytes", bytes);
      entry.add("top_logprobs", new JsonArray());
      content.add(entry);
    }
    var json = new JsonObject();
    json.add("content", content);
    json.add("refusal", JsonNull.INSTANCE);
    return json;
  }
}
