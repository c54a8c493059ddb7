package io.github.blip2j.blip2.captions;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.text.Generated;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A JSON object on each line. */
final class JsonLines implements RecordFormat {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private static final String START = "{\"image\":";

  private final int texts;

  /** Objects with this number of texts. */
  JsonLines(int texts) {
    this.texts = texts;
  }

  @Override
  public String name() {
    return "JSON lines";
  }

  @Override
  public String header() {
    return "";
  }

  @Override
  public String record(String image, List<Generated> found) {
    var record = new JsonObject();
    record.addProperty("image", image);
    if (texts == 1) {
      record.addProperty("caption", found.get(0).text());
      record.add("score", score(found.get(0)));
    } else {
      var captions = new JsonArray();
      var scores = new JsonArray();
      for (Generated text : found) {
        captions.add(text.text());
        scores.add(score(text));
      }
      record.add("captions", captions);
      record.add("scores", scores);
    }
    return GSON.toJson(record) + "\n";
  }

  @Override
  public int texts() {
    return texts;
  }

  @Override
  public int textsIn(String text) {
    @Nullable JsonObject json = parsed(text.substring(0, Math.max(0, endOf(text, 0))));
    if (json != null && json.get("captions") instanceof JsonArray captions) {
      return captions.size();
    }
    return json != null && json.has("caption") ? 1 : 0;
  }

  @Override
  public int endOf(String text, int from) {
    int end = text.indexOf('\n', from);
    return end < 0 ? -1 : end + 1;
  }

  @Override
  public boolean mayBegin(String text) {
    return text.startsWith(START) || START.startsWith(text);
  }

  @Override
  public @Nullable String imageOf(String record) {
    @Nullable JsonObject json = parsed(record);
    if (json == null || !json.has(texts == 1 ? "caption" : "captions")) {
      return null;
    }
    JsonElement image = json.get("image");
    return image instanceof JsonPrimitive word && word.isString() ? word.getAsString() : null;
  }

  private static @Nullable JsonObject parsed(String record) {
    try {
      return GSON.fromJson(record, JsonObject.class);
    } catch (JsonParseException e) {
      return null;
    }
  }

  /** The score; JSON cannot represent minus infinity. */
  private static JsonElement score(Generated text) {
    return Double.isFinite(text.score()) ? new JsonPrimitive(text.score()) : JsonNull.INSTANCE;
  }
}
