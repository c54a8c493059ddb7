package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.work.ExplainJob;
import io.github.blip2j.server.work.MatchJob;
import io.github.blip2j.server.work.Picture;
import io.github.blip2j.server.work.RankJob;
import java.util.List;
import java.util.Set;

/** {@code POST /v1/rank}, {@code /v1/match} and {@code /v1/explain}. */
public final class MatchRoutes {
  private static final int MOST_TEXTS = 1000;

  private final Desk desk;

  /** The endpoints. */
  public MatchRoutes(Desk desk) {
    this.desk = desk;
  }

  /** Candidates ranked by a model that generates. */
  public void rank(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(Set.of("model", "image", "question", "prompt", "candidates", "by"));
    Picture picture = desk.images().required(asked);
    String question = fields.optionalString("question");
    String prompt = fields.optionalString("prompt");
    if (question != null && (prompt != null || question.isBlank())) {
      throw ApiException.invalid(
          "question",
          "text, and no prompt beside it expected, got %s",
          question.isBlank() ? "a blank" : "both");
    }
    List<String> candidates = texts(fields, "candidates");
    boolean byMean = byMean(fields);
    ModelSource source = desk.model(fields.optionalString("model"), Task.RANK);
    long began = System.nanoTime();
    String words = prompt == null ? "" : prompt;
    var job =
        new RankJob(
            source.name(),
            picture,
            blip2 -> question == null ? words : blip2.questions().ask(question),
            candidates,
            byMean);
    desk.submit(
        job,
        reply,
        ranked -> {
          JsonObject json = ranking(ranked, byMean);
          json.addProperty("model", source.name());
          json.add("timing_ms", Desk.timing(job, began));
          reply.json(200, json);
        });
  }

  private static boolean byMean(Fields fields) {
    String by = fields.optionalString("by");
    if (by != null && !by.equals("sum") && !by.equals("mean")) {
      throw ApiException.invalid("by", "sum or mean expected, got '%s'", by);
    }
    return "mean".equals(by);
  }

  /** Probabilities are shares among the candidates. */
  private static JsonObject ranking(List<RankedCandidate> ranked, boolean byMean) {
    double best = byMean ? ranked.get(0).mean() : ranked.get(0).sum();
    double all = 0;
    for (RankedCandidate candidate : ranked) {
      all += Math.exp((byMean ? candidate.mean() : candidate.sum()) - best);
    }
    var candidates = new JsonArray();
    for (RankedCandidate candidate : ranked) {
      double log = byMean ? candidate.mean() : candidate.sum();
      var one = new JsonObject();
      one.addProperty("text", candidate.text());
      one.addProperty("probability", Math.exp(log - best) / all);
      one.addProperty("log_probability", log);
      one.addProperty("index", candidate.index());
      candidates.add(one);
    }
    var json = new JsonObject();
    json.add("candidates", candidates);
    return json;
  }

  /** How well texts describe an image. */
  public void match(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(Set.of("model", "image", "texts"));
    Picture picture = desk.images().required(asked);
    List<String> texts = texts(fields, "texts");
    ModelSource source = desk.model(fields.optionalString("model"), Task.MATCH);
    long began = System.nanoTime();
    var job = new MatchJob(source.name(), picture, texts);
    desk.submit(
        job,
        reply,
        matches -> {
          JsonObject json = matches(texts, matches);
          json.addProperty("model", source.name());
          json.add("timing_ms", Desk.timing(job, began));
          reply.json(200, json);
        });
  }

  private static JsonObject matches(List<String> texts, List<Match> matches) {
    var all = new JsonArray();
    for (int i = 0; i < texts.size(); i++) {
      Match match = matches.get(i);
      var one = new JsonObject();
      one.addProperty("text", texts.get(i));
      one.addProperty("itc", match.itc());
      one.addProperty("itm_logit", match.itmLogit());
      one.addProperty("itm_probability", match.itmProbability());
      all.add(one);
    }
    var json = new JsonObject();
    json.add("matches", all);
    return json;
  }

  /** Where in an image a text is. */
  public void explain(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(Set.of("model", "image", "text", "token", "layer", "format", "overlay"));
    Picture picture = desk.images().required(asked);
    String text = fields.string("text");
    if (text.isBlank()) {
      throw ApiException.invalid("text", "text expected, got a blank");
    }
    Integer token = fields.optionalInteger("token");
    Integer layer = fields.optionalInteger("layer");
    boolean numbers = asNumbers(fields, call.accept());
    boolean overlay = !Boolean.FALSE.equals(fields.optionalBool("overlay"));
    ModelSource source = desk.model(fields.optionalString("model"), Task.EXPLAIN);
    desk.submit(
        new ExplainJob(source.name(), picture, text),
        reply,
        explained -> {
          var drawn = new Explanation(explained, layer, token);
          if (numbers) {
            JsonObject json = drawn.json();
            json.addProperty("model", source.name());
            reply.json(200, json);
          } else {
            reply.file("image/png", drawn.png(overlay));
          }
        });
  }

  /** Whether JSON is asked for, by the field or else by the header {@code Accept}. */
  private static boolean asNumbers(Fields fields, String accept) {
    String format = fields.optionalString("format");
    if (format == null) {
      return accept.contains("application/json") && !accept.contains("image/");
    }
    if (!format.equals("png") && !format.equals("json")) {
      throw ApiException.invalid("format", "png or json expected, got '%s'", format);
    }
    return format.equals("json");
  }

  private static List<String> texts(Fields fields, String name) {
    List<String> texts = fields.strings(name, MOST_TEXTS);
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).isBlank()) {
        throw ApiException.invalid(name + "[" + i + "]", "text expected, got a blank");
      }
    }
    return texts;
  }

  static JsonElement rows(float[][] map) {
    var rows = new JsonArray();
    for (float[] row : map) {
      var numbers = new JsonArray();
      for (float number : row) {
        numbers.add(number);
      }
      rows.add(numbers);
    }
    return rows;
  }
}
