package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.work.EmbedJob;
import io.github.blip2j.server.work.RerankJob;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * {@code POST /v1/rerank} as Cohere's, and {@code POST /rerank} as that of
 * text-embeddings-inference where the documents are called {@code texts}.
 */
public final class Rerank implements Endpoint {
  private static final int MOST_DOCUMENTS = 256;

  private final Desk desk;

  /** The endpoint. */
  public Rerank(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void handle(Call call, Reply reply) {
    var fields = new Fields("", Bodies.json(call));
    fields.requireKnown(
        Set.of("model", "query", "documents", "texts", "top_n", "return_documents", "return_text"));
    boolean tei = fields.has("texts");
    String name = tei ? "texts" : "documents";
    JsonArray given = Fields.array(name, fields.required(name, "a list of documents"));
    Fields.requireCount(name, given, MOST_DOCUMENTS);
    EmbedJob.Input query =
        Embeddings.input("query", fields.required("query", "text or a data URL"), desk.images());
    List<EmbedJob.Input> documents = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      documents.add(Embeddings.input(name + "[" + i + "]", given.get(i), desk.images()));
    }
    int top = fields.integer("top_n", given.size(), 1, Integer.MAX_VALUE);
    boolean texts = fields.bool(tei ? "return_text" : "return_documents");
    ModelSource source = desk.model(fields.optionalString("model"), Task.MATCH);
    desk.submit(
        new RerankJob(source.name(), query, documents),
        reply,
        scores -> reply.json(200, json(call.id(), source, given, scores, top, texts, tei)));
  }

  private static JsonElement json(
      String id,
      ModelSource source,
      JsonArray given,
      List<Double> scores,
      int top,
      boolean texts,
      boolean tei) {
    List<Integer> order =
        IntStream.range(0, scores.size())
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> scores.get(i)).reversed())
            .limit(top)
            .toList();
    var results = new JsonArray();
    for (int i : order) {
      var one = new JsonObject();
      one.addProperty("index", i);
      one.addProperty(tei ? "score" : "relevance_score", scores.get(i));
      if (texts) {
        one.add(tei ? "text" : "document", given.get(i));
      }
      results.add(one);
    }
    if (tei) {
      return results;
    }
    var json = new JsonObject();
    json.addProperty("id", id);
    json.addProperty("model", source.name());
    json.add("results", results);
    return json;
  }
}
