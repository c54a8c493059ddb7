package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.work.GenerateJob;
import io.github.blip2j.server.work.Picture;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/caption} and {@code POST /v1/answer}. */
public final class TextRoutes {
  private static final int MOST_TURNS = 500;

  private final Desk desk;

  /** The endpoints. */
  public TextRoutes(Desk desk) {
    this.desk = desk;
  }

  /** Captions, or continuations of a prompt. */
  public void caption(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(known("prompt"));
    String prompt = fields.optionalString("prompt");
    answer(asked, Task.CAPTION, blip2 -> prompt == null ? "" : prompt, reply);
  }

  /** An answer to a question. */
  public void answer(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(known("question", "conversation"));
    String question = fields.string("question");
    if (question.isBlank()) {
      throw ApiException.invalid("question", "text expected, got a blank");
    }
    Conversation before = conversation(fields);
    answer(asked, Task.ANSWER, blip2 -> blip2.questions().ask(before, question), reply);
  }

  private void answer(Bodies.Asked asked, Task task, Function<Blip2, String> prompt, Reply reply) {
    Fields fields = asked.fields();
    Picture picture = desk.images().required(asked);
    ModelSource source = desk.model(fields.optionalString("model"), task);
    if (fields.bool("stream")) {
      reply.expectEvents();
    }
    long began = System.nanoTime();
    desk.withDefaults(
        source,
        reply,
        defaults -> {
          GenerationConfig config =
              Settings.read(fields, task == Task.CAPTION ? defaults.caption() : defaults.answer());
          boolean stream = fields.bool("stream");
          if (stream && config.numReturnSequences() > 1) {
            throw ApiException.invalid("n", "1 expected with stream, got more");
          }
          GenerateJob.Listener pieces =
              stream ? (piece, tokens) -> send(reply, "text", piece) : null;
          run(source, picture, task, prompt, config, pieces, reply, began);
        });
  }

  private void run(
      ModelSource source,
      Picture picture,
      Task task,
      Function<Blip2, String> prompt,
      GenerationConfig config,
      GenerateJob.@Nullable Listener pieces,
      Reply reply,
      long began) {
    var job = new GenerateJob(source.name(), List.of(picture), prompt, config, pieces);
    desk.submit(
        job,
        reply,
        written -> {
          JsonObject json =
              task == Task.CAPTION ? captions(written.texts()) : answer(written.texts());
          json.addProperty("model", source.name());
          json.add("timing_ms", Desk.timing(job, began));
          if (pieces == null) {
            reply.json(200, json);
          } else {
            var done = new JsonObject();
            done.add("done", json);
            reply.events().send(done.toString());
            reply.events().end();
          }
        });
  }

  private static void send(Reply reply, String name, String text) {
    var json = new JsonObject();
    json.addProperty(name, text);
    reply.events().send(json.toString());
  }

  private static JsonObject captions(List<Generated> texts) {
    var captions = new JsonArray();
    texts.forEach(text -> captions.add(scored("text", text)));
    var json = new JsonObject();
    json.add("captions", captions);
    return json;
  }

  private static JsonObject answer(List<Generated> texts) {
    JsonObject json = scored("answer", texts.get(0));
    if (texts.size() > 1) {
      var answers = new JsonArray();
      texts.forEach(text -> answers.add(scored("text", text)));
      json.add("answers", answers);
    }
    return json;
  }

  private static JsonObject scored(String name, Generated text) {
    var json = new JsonObject();
    json.addProperty(name, text.text());
    json.addProperty(
        "log_probability", text.logProbabilities().stream().mapToDouble(Double::doubleValue).sum());
    return json;
  }

  /** The turns of the field {@code conversation}; none without it. */
  static Conversation conversation(Fields fields) {
    JsonElement given = fields.get("conversation");
    Conversation before = Conversation.empty();
    if (given == null) {
      return before;
    }
    JsonArray turns = Fields.array(fields.path("conversation"), given);
    if (turns.size() > MOST_TURNS) {
      throw ApiException.invalid(
          "conversation", "at most %d turns expected, got %d", MOST_TURNS, turns.size());
    }
    for (int i = 0; i < turns.size(); i++) {
      String path = fields.path("conversation") + "[" + i + "]";
      var turn = new Fields(path + ".", Fields.object(path, turns.get(i)));
      before = before.and(words(turn, "question"), words(turn, "answer"));
    }
    return before;
  }

  private static String words(Fields turn, String name) {
    String text = turn.string(name);
    if (text.isBlank()) {
      throw ApiException.invalid(turn.path(name), "text expected, got a blank");
    }
    return text;
  }

  private static Set<String> known(String... own) {
    Set<String> names = new TreeSet<>(Settings.NAMES);
    names.addAll(Set.of("model", "image", "stream"));
    names.addAll(Set.of(own));
    return names;
  }
}
