package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.models.ModelStore.Defaults;
import io.github.blip2j.server.photos.PhotoSearch;

/** {@code GET /v1/models}, {@code /v1/models/{id}}, and {@code /v1/status}. */
public final class Models {
  private final Desk desk;
  private final long created = System.currentTimeMillis() / 1000;

  /** The endpoints. */
  public Models(Desk desk) {
    this.desk = desk;
  }

  /** All models. */
  public void all(Call call, Reply reply) {
    var data = new JsonArray();
    desk.models().sources().forEach(source -> data.add(json(source)));
    var json = new JsonObject();
    json.addProperty("object", "list");
    json.add("data", data);
    reply.json(200, json);
  }

  /** One model. */
  public void one(Call call, Reply reply) {
    ModelSource source =
        desk.models()
            .find(call.rest())
            .orElseThrow(
                () ->
                    ApiException.unknownModel(
                        "model: a name of GET /v1/models expected, got '" + call.rest() + "'"));
    reply.json(200, json(source));
  }

  /** How busy the server is. */
  public void status(Call call, Reply reply) {
    var names = new JsonArray();
    for (ModelSource source : desk.models().sources()) {
      if (desk.models().isLoaded(source.name())) {
        names.add(source.name());
      }
    }
    var json = new JsonObject();
    json.addProperty("queue", desk.queue().waiting());
    json.addProperty("running", desk.queue().running());
    json.addProperty("rate_per_s", Math.round(desk.queue().rate() * 1000) / 1000.0);
    json.add("models", names);
    PhotoSearch search = desk.search();
    if (search != null) {
      var index = new JsonObject();
      index.addProperty("images", search.size());
      index.addProperty("model", search.source().name());
      json.add("index", index);
    }
    reply.json(200, json);
  }

  private JsonObject json(ModelSource source) {
    var json = new JsonObject();
    json.addProperty("id", source.name());
    json.addProperty("object", "model");
    json.addProperty("created", created);
    json.addProperty("owned_by", "blip2");
    json.add("blip2", details(source));
    return json;
  }

  private JsonObject details(ModelSource source) {
    ModelStore models = desk.models();
    var tasks = new JsonArray();
    source.kind().tasks().stream().map(Task::label).forEach(tasks::add);
    var details = new JsonObject();
    details.addProperty("kind", source.kind().label());
    details.add("tasks", tasks);
    details.addProperty("loaded", models.isLoaded(source.name()));
    details.addProperty("dtype", models.precision());
    details.addProperty("kernels", models.kernels());
    Defaults defaults = models.defaults(source.name());
    if (defaults != null) {
      var settings = new JsonObject();
      settings.add("caption", settings(defaults.caption()));
      settings.add("answer", settings(defaults.answer()));
      details.add("defaults", settings);
    }
    return details;
  }

  private static JsonObject settings(GenerationConfig config) {
    var json = new JsonObject();
    json.addProperty("max_tokens", config.maxNewTokens());
    json.addProperty("min_tokens", config.minNewTokens());
    json.addProperty("num_beams", config.numBeams());
    json.addProperty("length_penalty", config.lengthPenalty());
    json.addProperty("repetition_penalty", config.repetitionPenalty());
    json.addProperty("no_repeat_ngram_size", config.noRepeatNgramSize());
    json.addProperty("temperature", config.sampled() ? config.temperature() : 0);
    json.addProperty("top_p", config.topP());
    json.addProperty("top_k", config.topK());
    return json;
  }
}
