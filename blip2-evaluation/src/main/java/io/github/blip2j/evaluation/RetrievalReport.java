package io.github.blip2j.evaluation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.qformer.retrieval.Ranking;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.qformer.retrieval.Recall;
import io.github.blip2j.qformer.retrieval.RetrievalScores;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What was retrieved.
 *
 * @param scores recall in both directions
 * @param texts for each image the numbers of the ten best texts, or fewer, the best first
 * @param images for each text the numbers of the ten best images, or fewer, the best first
 */
public record RetrievalReport(
    RetrievalScores scores, List<List<Integer>> texts, List<List<Integer>> images) {
  private static final int KEPT = 10; // as many as recall counts

  /** Copies the lists. */
  public RetrievalReport {
    texts = texts.stream().map(List::copyOf).toList();
    images = images.stream().map(List::copyOf).toList();
  }

  static RetrievalReport of(Rankings rankings, List<Integer> imageOfText) {
    return new RetrievalReport(
        rankings.scores(imageOfText), best(rankings.texts()), best(rankings.images()));
  }

  private static List<List<Integer>> best(List<Ranking> rankings) {
    return rankings.stream()
        .map(each -> IntStream.range(0, Math.min(KEPT, each.size())).map(each::id).boxed().toList())
        .toList();
  }

  /** The recalls under LAVIS's names: {@code txt_r1}, ..., {@code img_r10}, {@code r_mean}. */
  public Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    add(named, "txt", scores.text());
    add(named, "img", scores.image());
    named.put("r_mean", scores.mean());
    return named;
  }

  private static void add(Map<String, Double> named, String side, Recall recall) {
    named.put(side + "_r1", recall.at1());
    named.put(side + "_r5", recall.at5());
    named.put(side + "_r10", recall.at10());
    named.put(side + "_r_mean", recall.mean());
  }

  /** The report as a journal keeps it. */
  JsonObject json() {
    var json = new JsonObject();
    json.add("text", json(scores.text()));
    json.add("image", json(scores.image()));
    json.add("texts", json(texts));
    json.add("images", json(images));
    return json;
  }

  static RetrievalReport of(JsonObject json) {
    return new RetrievalReport(
        new RetrievalScores(recall(json, "text"), recall(json, "image")),
        lists(json, "texts"),
        lists(json, "images"));
  }

  private static JsonArray json(Recall recall) {
    var json = new JsonArray();
    json.add(recall.at1());
    json.add(recall.at5());
    json.add(recall.at10());
    return json;
  }

  private static Recall recall(JsonObject json, String key) {
    JsonArray recall = json.getAsJsonArray(key);
    return new Recall(
        recall.get(0).getAsDouble(), recall.get(1).getAsDouble(), recall.get(2).getAsDouble());
  }

  private static JsonArray json(List<List<Integer>> lists) {
    var json = new JsonArray();
    for (List<Integer> each : lists) {
      var list = new JsonArray();
      each.forEach(list::add);
      json.add(list);
    }
    return json;
  }

  private static List<List<Integer>> lists(JsonObject json, String key) {
    List<List<Integer>> lists = new ArrayList<>();
    for (JsonElement each : json.getAsJsonArray(key)) {
      List<Integer> list = new ArrayList<>();
      each.getAsJsonArray().forEach(number -> list.add(number.getAsInt()));
      lists.add(list);
    }
    return lists;
  }
}
