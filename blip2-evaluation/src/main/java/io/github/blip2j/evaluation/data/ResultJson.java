package io.github.blip2j.evaluation.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;

/** JSON of result files: one line, all letters as they are. */
final class ResultJson {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private ResultJson() {}

  static String text(JsonElement value) {
    return GSON.toJson(value) + "\n";
  }
}
