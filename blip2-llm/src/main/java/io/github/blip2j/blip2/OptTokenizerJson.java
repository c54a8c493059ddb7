package io.github.blip2j.blip2;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The {@code tokenizer.json} of OPT from {@code vocab.json} and {@code merges.txt}, for its own
 * folders hold no other: GPT-2's byte-level pairs (Radford et al. 2019) behind {@code </s>}.
 */
final class OptTokenizerJson {
  private static final String VOCABULARY = "vocab.json";
  private static final String MERGES = "merges.txt";
  private static final String ADDED = "added_tokens.json";
  private static final String SETTINGS = "tokenizer_config.json";
  private static final String IMAGE = "<image>";
  private static final String BEGIN = "</s>";
  private static final List<String> SPECIAL = List.of("<s>", "<pad>", BEGIN, "<unk>");

  private OptTokenizerJson() {}

  /** Whether it can be made from what a folder holds. */
  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(VOCABULARY)) && Files.exists(folder.resolve(MERGES));
  }

  /**
   * As {@code AutoTokenizer} would save it.
   *
   * @throws CheckpointException if one of the files is not what it is called
   */
  static String of(Path folder) throws IOException {
    JsonObject vocabulary = vocabulary(folder.resolve(VOCABULARY));
    var json = new JsonObject();
    json.addProperty("version", "1.0");
    JsonArray added = added(vocabulary);
    addLater(folder, added);
    json.add("added_tokens", added);
    json.add("pre_tokenizer", byteLevel(false));
    if (begins(folder)) {
      json.add("post_processor", beginning(vocabulary.get(BEGIN)));
    }
    json.add("decoder", byteLevel(true));
    var model = new JsonObject();
    model.addProperty("type", "BPE");
    model.add("vocab", vocabulary);
    model.add("merges", merges(folder));
    json.add("model", model);
    return new Gson().toJson(json);
  }

  /** What a tokenizer that was made of the files is called in messages. */
  static String name(Path folder) {
    return "%s: %s and %s".formatted(folder, VOCABULARY, MERGES);
  }

  private static JsonObject vocabulary(Path file) throws IOException {
    ConfigJson checked = ConfigJson.read(file);
    checked.intAt(BEGIN);
    JsonObject vocabulary = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    for (String token : vocabulary.keySet()) {
      checked.intAt(token);
    }
    return vocabulary;
  }

  private static JsonArray added(JsonObject vocabulary) {
    var added = new JsonArray();
    for (String token : SPECIAL) {
      JsonElement id = vocabulary.get(token);
      if (id != null) {
        added.add(added(token, id, true));
      }
    }
    return added;
  }

  private static JsonObject added(String token, JsonElement id, boolean special) {
    var entry = new JsonObject();
    entry.add("id", id);
    entry.addProperty("content", token);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      entry.addProperty(flag, false);
    }
    entry.addProperty("special", special);
    return entry;
  }

  /** Tokens that were added to the vocabulary, such as that of the image, are in a file apart. */
  private static void addLater(Path folder, JsonArray added) throws IOException {
    Path file = folder.resolve(ADDED);
    if (Files.exists(file)) {
      ConfigJson tokens = ConfigJson.read(file);
      for (String token : tokens.keys()) {
        added.add(added(token, new JsonPrimitive(tokens.intAt(token)), token.equals(IMAGE)));
      }
    }
  }

  private static boolean begins(Path folder) throws IOException {
    Path settings = folder.resolve(SETTINGS);
    return !Files.exists(settings) || ConfigJson.read(settings).booleanAt("add_bos_token", true);
  }

  private static JsonObject byteLevel(boolean prefixed) {
    var json = new JsonObject();
    json.addProperty("type", "ByteLevel");
    json.addProperty("add_prefix_space", prefixed);
    json.addProperty("trim_offsets", true);
    json.addProperty("use_regex", true);
    return json;
  }

  private static JsonObject beginning(JsonElement id) {
    var json = new JsonObject();
    json.addProperty("type", "TemplateProcessing");
    json.add("single", template("A"));
    json.add("pair", template("A", "B"));
    var token = new JsonObject();
    token.addProperty("id", BEGIN);
    token.add("ids", list(id));
    token.add("tokens", list(new JsonPrimitive(BEGIN)));
    var special = new JsonObject();
    special.add(BEGIN, token);
    json.add("special_tokens", special);
    return json;
  }

  private static JsonArray template(String... sequences) {
    JsonArray template = list(piece("SpecialToken", BEGIN));
    for (String sequence : sequences) {
      template.add(piece("Sequence", sequence));
    }
    return template;
  }

  private static JsonObject piece(String kind, String id) {
    var inner = new JsonObject();
    inner.addProperty("id", id);
    inner.addProperty("type_id", 0);
    var json = new JsonObject();
    json.add(kind, inner);
    return json;
  }

  private static JsonArray merges(Path folder) throws IOException {
    var merges = new JsonArray();
    for (String line : lines(folder.resolve(MERGES))) {
      int space = line.indexOf(' ');
      if (space > 0 && !line.startsWith("#version")) {
        var pair = list(new JsonPrimitive(line.substring(0, space)));
        pair.add(line.substring(space + 1));
        merges.add(pair);
      }
    }
    return merges;
  }

  private static List<String> lines(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (CharacterCodingException e) {
      var exception = new CheckpointException(file + ": text expected UTF-8, got other bytes");
      exception.initCause(e);
      throw exception;
    }
  }

  private static JsonArray list(JsonElement first) {
    var list = new JsonArray();
    list.add(first);
    return list;
  }
}
