package io.github.blip2j.evaluation.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.regex.Pattern;

/** JSON of result files: one line, all letters as they are. */
final class ResultJson {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private static final Pattern WHOLE = Pattern.compile("0|[1-9][0-9]{0,17}");

  private ResultJson() {}

  /** An id as the benchmarks write it: a number if it is one. */
  static JsonPrimitive id(String id) {
    return WHOLE.matcher(id).matches()
        ? new JsonPrimitive(Long.parseLong(id))
        : new JsonPrimitive(id);
  }

  static String text(JsonElement value) {
    return GSON.toJson(value) + "\n";
  }
}
