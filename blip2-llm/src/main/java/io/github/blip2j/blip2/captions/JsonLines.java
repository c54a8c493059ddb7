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

/** An object of JSON on each line. */
final class JsonLines implements RecordFormat {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private static final String START = "{\"image\":";

  @Override
  public String name() {
    return "JSON lines";
  }

  @Override
  public String header() {
    return "";
  }

  @Override
  public String record(String image, List<Generated> texts) {
    var record = new JsonObject();
    record.addProperty("image", image);
    if (texts.size() == 1) {
      record.addProperty("caption", texts.get(0).text());
      record.add("score", score(texts.get(0)));
    } else {
      var captions = new JsonArray();
      var scores = new JsonArray();
      for (Generated text : texts) {
        captions.add(text.text());
        scores.add(score(text));
      }
      record.add("captions", captions);
      record.add("scores", scores);
    }
    return GSON.toJson(record) + "\n";
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
    try {
      JsonObject json = GSON.fromJson(record, JsonObject.class);
      boolean captioned = json != null && (json.has("caption") || json.has("captions"));
      JsonElement image = captioned ? json.get("image") : null;
      return image instanceof JsonPrimitive word && word.isString() ? word.getAsString() : null;
    } catch (JsonParseException e) {
      return null;
    }
  }

  /** JSON has no word for minus infinity. */
  private static JsonElement score(Generated text) {
    return Double.isFinite(text.score()) ? new JsonPrimitive(text.score()) : JsonNull.INSTANCE;
  }
}
