package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore.Defaults;
import io.github.blip2j.server.work.GenerateJob;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/chat/completions}. */
public final class ChatCompletions implements Endpoint {
  /** What this cannot do, and the values that ask for nothing. */
  private static final Map<String, List<String>> UNSUPPORTED =
      Map.of(
          "tools", List.of("[]"),
          "functions", List.of("[]"),
          "tool_choice", List.of("\"none\"", "\"auto\""),
          "function_call", List.of("\"none\"", "\"auto\""),
          "logit_bias", List.of("{}"),
          "presence_penalty", List.of("0", "0.0"),
          "frequency_penalty", List.of("0", "0.0"),
          "top_logprobs", List.of("0"),
          "modalities", List.of("[\"text\"]"),
          "response_format", List.of("{\"type\":\"text\"}"));

  private final Desk desk;

  /** The endpoint. */
  public ChatCompletions(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void handle(Call call, Reply reply) {
    var fields = new Fields("", Bodies.json(call));
    refuseUnsupported(fields);
    ModelSource source = desk.model(fields.optionalString("model"), Task.ANSWER);
    ChatRequest chat = ChatRequest.read(fields, desk.images());
    boolean raw = fields.bool("raw");
    if (raw && !chat.before().turns().isEmpty()) {
      throw ApiException.invalid("raw", "no earlier turns expected with it, got some");
    }
    desk.withDefaults(source, reply, known -> answer(call, fields, source, chat, known, reply));
  }

  private void answer(
      Call call,
      Fields fields,
      ModelSource source,
      ChatRequest chat,
      Defaults defaults,
      Reply reply) {
    boolean caption = chat.text().isBlank();
    GenerationConfig config =
        Settings.read(fields, caption ? defaults.caption() : defaults.answer());
    List<String> stops = StopText.read(fields);
    boolean logs = fields.bool("logprobs");
    var json = new ChatJson(call.id(), source.name(), stops, logs);
    if (fields.bool("stream")) {
      var stream = new ChatStream(json, stops, usageWanted(fields), config, reply);
      var job = job(source, chat, fields.bool("raw"), config, stream);
      desk.submit(job, reply, stream::finish);
    } else {
      var job = job(source, chat, fields.bool("raw"), config, null);
      desk.submit(job, reply, written -> reply.json(200, json.whole(written)));
    }
  }

  private static GenerateJob job(
      ModelSource source,
      ChatRequest chat,
      boolean raw,
      GenerationConfig config,
      @Nullable Consumer<String> pieces) {
    return new GenerateJob(source.name(), chat.pictures(), prompt(chat, raw), config, pieces);
  }

  private static Function<Blip2, String> prompt(ChatRequest chat, boolean raw) {
    if (raw) {
      return blip2 -> chat.text();
    }
    return chat.text().isBlank()
        ? blip2 -> ""
        : blip2 -> blip2.questions().ask(chat.before(), chat.text());
  }

  private static boolean usageWanted(Fields fields) {
    JsonElement options = fields.get("stream_options");
    return options != null
        && new Fields("stream_options.", Fields.object("stream_options", options))
            .bool("include_usage");
  }

  private static void refuseUnsupported(Fields fields) {
    UNSUPPORTED.forEach(
        (name, harmless) -> {
          JsonElement value = fields.get(name);
          if (value != null && !harmless.contains(value.toString())) {
            throw ApiException.invalid(
                name, "none expected, got %s; this server does not support it", Fields.kind(value));
          }
        });
  }
}
