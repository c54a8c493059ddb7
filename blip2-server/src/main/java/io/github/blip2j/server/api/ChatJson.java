package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.server.work.GenerateJob.Written;
import io.github.blip2j.server.work.Spelled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OpenAI's JSON for one chat, whole or in chunks. */
final class ChatJson {
  private final String id;
  private final String model;
  private final long created = System.currentTimeMillis() / 1000;
  private final boolean logs;

  ChatJson(String id, String model, boolean logs) {
    this.id = "chatcmpl-" + id;
    this.model = model;
    this.logs = logs;
  }

  /** A {@code chat.completion}. */
  JsonObject whole(Written written) {
    var choices = new JsonArray();
    for (int i = 0; i < written.texts().size(); i++) {
      var message = new JsonObject();
      message.addProperty("role", "assistant");
      message.addProperty("content", written.texts().get(i).text());
      message.add("refusal", JsonNull.INSTANCE);
      var choice = new JsonObject();
      choice.addProperty("index", i);
      choice.add("message", message);
      choice.add("logprobs", logprobs(written.tokens().get(i)));
      choice.addProperty("finish_reason", reason(written.texts().get(i)));
      choices.add(choice);
    }
    JsonObject json = head("chat.completion");
    json.add("choices", choices);
    json.add("usage", usage(written));
    return json;
  }

  /** The {@code chat.completion.chunk} that begins a text. */
  JsonObject firstChunk(int index) {
    var delta = new JsonObject();
    delta.addProperty("role", "assistant");
    delta.addProperty("content", "");
    return chunk(index, delta, List.of(), null);
  }

  /** A piece of a text, and its tokens. */
  JsonObject chunk(int index, String text, List<Spelled> tokens) {
    var delta = new JsonObject();
    delta.addProperty("content", text);
    return chunk(index, delta, tokens, null);
  }

  /** The chunk with the reason why a text ended, and the tokens from {@code told} on. */
  JsonObject lastChunk(int index, Written written, int told) {
    List<Spelled> tokens = written.tokens().get(index);
    List<Spelled> rest = tokens.subList(Math.min(told, tokens.size()), tokens.size());
    return chunk(index, new JsonObject(), rest, reason(written.texts().get(index)));
  }

  private JsonObject chunk(
      int index, JsonObject delta, List<Spelled> tokens, @Nullable String reason) {
    var choice = new JsonObject();
    choice.addProperty("index", index);
    choice.add("delta", delta);
    choice.add("logprobs", tokens.isEmpty() ? JsonNull.INSTANCE : logprobs(tokens));
    // Clients expect the name to be there.
    choice.add("finish_reason", reason == null ? JsonNull.INSTANCE : new JsonPrimitive(reason));
    var choices = new JsonArray();
    choices.add(choice);
    JsonObject json = head("chat.completion.chunk");
    json.add("choices", choices);
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

  private static String reason(Generated text) {
    return text.ended() ? "stop" : "length";
  }

  private static JsonObject usage(Written written) {
    int tokens = written.texts().stream().mapToInt(text -> text.tokenIds().size()).sum();
    var usage = new JsonObject();
    usage.addProperty("prompt_tokens", written.promptTokens());
    usage.addProperty("completion_tokens", tokens);
    usage.addProperty("total_tokens", written.promptTokens() + tokens);
    return usage;
  }

  private JsonElement logprobs(List<Spelled> tokens) {
    if (!logs) {
      return JsonNull.INSTANCE;
    }
    var content = new JsonArray();
    for (Spelled token : tokens) {
      var likeliest = new JsonArray();
      token.likeliest().forEach(other -> likeliest.add(logprob(other)));
      JsonObject entry = logprob(token);
      entry.add("top_logprobs", likeliest);
      content.add(entry);
    }
    var json = new JsonObject();
    json.add("content", content);
    json.add("refusal", JsonNull.INSTANCE);
    return json;
  }

  private static JsonObject logprob(Spelled token) {
    var entry = new JsonObject();
    entry.addProperty("token", token.text());
    entry.addProperty("logprob", token.logProbability());
    entry.add("bytes", bytes(token.text()));
    return entry;
  }

  /** Null for a part of a character, whose bytes its text does not tell. */
  private static JsonElement bytes(String token) {
    if (token.indexOf('\uFFFD') >= 0) {
      return JsonNull.INSTANCE;
    }
    var bytes = new JsonArray();
    for (byte one : token.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(one & 0xFF);
    }
    return bytes;
  }
}
