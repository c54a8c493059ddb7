package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore.Defaults;
import io.github.blip2j.server.work.GenerateJob;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/chat/completions}. */
public final class ChatCompletions implements Endpoint {
  private static final int MOST_TOP = 20; // as OpenAI

  private final Desk desk;

  /** The endpoint. */
  public ChatCompletions(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void handle(Call call, Reply reply) {
    var fields = new Fields("", Bodies.json(call));
    OpenAiFields.CHAT.check(fields);
    ModelSource source = desk.model(fields.optionalString("model"), Task.ANSWER);
    ChatRequest chat = ChatRequest.read(fields, desk.images());
    if (fields.bool("stream")) {
      reply.expectEvents();
    }
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
        Settings.read(fields, caption ? defaults.caption() : defaults.answer())
            .topLogProbabilities(topLogprobs(fields));
    boolean logs = fields.bool("logprobs");
    boolean usage = usageWanted(fields);
    var json = new ChatJson(call.id(), source.name(), logs);
    if (fields.bool("stream")) {
      var stream = new ChatStream(json, usage, config, reply);
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
      GenerateJob.@Nullable Listener pieces) {
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

  private static int topLogprobs(Fields fields) {
    int top = fields.integer("top_logprobs", 0, 0, MOST_TOP);
    if (top > 0 && !fields.bool("logprobs")) {
      throw ApiException.invalid("top_logprobs", "logprobs true expected with it, got none");
    }
    return top;
  }

  private static boolean usageWanted(Fields fields) {
    JsonElement options = fields.get("stream_options");
    if (options == null) {
      return false;
    }
    if (!fields.bool("stream")) {
      throw ApiException.invalid("stream_options", "stream true expected with it, got none");
    }
    var inner = new Fields("stream_options.", Fields.object("stream_options", options));
    OpenAiFields.STREAM_OPTIONS.check(inner);
    return inner.bool("include_usage");
  }
}
