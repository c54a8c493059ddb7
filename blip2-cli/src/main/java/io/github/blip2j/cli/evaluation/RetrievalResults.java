package io.github.blip2j.cli.evaluation;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.evaluation.RetrievalReport;
import java.util.List;

/** The result file of retrieval: the best ten of each image and of each text. */
final class RetrievalResults {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private RetrievalResults() {}

  static String text(RetrievalSet set, RetrievalReport report) {
    var images = new JsonArray();
    for (int i = 0; i < set.images().size(); i++) {
      var record = new JsonObject();
      record.addProperty("image", set.images().get(i));
      record.add("texts", named(report.texts().get(i), set.texts()));
      images.add(record);
    }
    var texts = new JsonArray();
    for (int i = 0; i < set.texts().size(); i++) {
      var record = new JsonObject();
      record.addProperty("text", set.texts().get(i));
      record.addProperty("image", set.images().get(set.imageOfText().get(i)));
      record.add("images", named(report.images().get(i), set.images()));
      texts.add(record);
    }
    var document = new JsonObject();
    document.add("texts_of_images", images);
    document.add("images_of_texts", texts);
    return GSON.toJson(document) + "\n";
  }

  private static JsonArray named(List<Integer> numbers, List<String> names) {
    var named = new JsonArray();
    numbers.forEach(number -> named.add(names.get(number)));
    return named;
  }
}
