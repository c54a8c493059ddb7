package io.github.blip2j.blip2.checkpoint.files;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The token before every text in the files of a tokenizer. LAVIS replaces Vicuna's by the end
 * token, and so do the folders that Hugging Face converted from it.
 */
public final class BeginToken {
  private static final String TOKENIZER = "tokenizer.json";
  private static final List<String> SETTINGS =
      List.of("tokenizer_config.json", "special_tokens_map.json");

  private BeginToken() {}

  /**
   * Replaces the begin token in a folder's {@code tokenizer.json}, {@code tokenizer_config.json}
   * and {@code special_tokens_map.json}. A tokenizer without both tokens stays as it is.
   *
   * @param from its id so far
   * @param to its id from now on
   */
  public static void replace(Path folder, int from, int to) throws IOException {
    Path file = folder.resolve(TOKENIZER);
    JsonObject json = read(file);
    @Nullable String before = content(json, from);
    @Nullable String after = content(json, to);
    JsonElement processor = json.get("post_processor");
    if (before == null || after == null || processor == null) {
      return;
    }
    replace(processor, before, after, to);
    write(file, json);
    for (String name : SETTINGS) {
      Path settings = folder.resolve(name);
      if (Files.exists(settings)) {
        JsonObject told = read(settings);
        told.addProperty("bos_token", after);
        write(settings, told);
      }
    }
  }

  private static @Nullable String content(JsonObject json, int id) {
    JsonElement added = json.get("added_tokens");
    if (added instanceof JsonArray tokens) {
      for (JsonElement each : tokens) {
        JsonObject token = each.getAsJsonObject();
        if (token.get("id").getAsInt() == id) {
          return token.get("content").getAsString();
        }
      }
    }
    return null;
  }

  /** Replaces the token in templates, alone or in a sequence of processors. */
  private static void replace(JsonElement within, String before, String after, int to) {
    if (within instanceof JsonArray array) {
      array.forEach(each -> replace(each, before, after, to));
    } else if (within instanceof JsonObject object) {
      if (object.get("SpecialToken") instanceof JsonObject token
          && token.get("id").getAsString().equals(before)) {
        token.addProperty("id", after);
      }
      if (object.get("special_tokens") instanceof JsonObject tokens && tokens.has(before)) {
        tokens.add(after, special(after, to));
      }
      for (Map.Entry<String, JsonElement> each : object.entrySet()) {
        replace(each.getValue(), before, after, to);
      }
    }
  }

  private static JsonObject special(String content, int id) {
    var ids = new JsonArray();
    ids.add(id);
    var tokens = new JsonArray();
    tokens.add(content);
    var special = new JsonObject();
    special.addProperty("id", content);
    special.add("ids", ids);
    special.add("tokens", tokens);
    return special;
  }

  private static JsonObject read(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private static void write(Path file, JsonObject json) throws IOException {
    String text =
        new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .serializeNulls()
            .create()
            .toJson(json);
    OutputFile.write(file, text + "\n");
  }
}
