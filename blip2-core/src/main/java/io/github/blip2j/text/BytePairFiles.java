package io.github.blip2j.text;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.TextFile;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code vocab.json} and {@code merges.txt}: GPT-2's byte-level pairs (Radford et al. 2019), as in
 * folders of OPT. {@code added_tokens.json} may name more tokens.
 */
final class BytePairFiles {
  private static final String VOCABULARY = "vocab.json";
  private static final String MERGES = "merges.txt";
  private static final String ADDED = "added_tokens.json";
  private static final String OPT_BEGIN = "</s>";
  private static final String GPT2_END = "<|endoftext|>";
  private static final List<String> OPT_SPECIAL = List.of("<s>", "<pad>", OPT_BEGIN, "<unk>");

  private BytePairFiles() {}

  static boolean areIn(Path folder) {
    return Files.exists(folder.resolve(VOCABULARY)) && Files.exists(folder.resolve(MERGES));
  }

  /** The tokenizer's name in messages. */
  static String name(Path folder) {
    return String.format(Locale.ROOT, "%s: %s and %s", folder, VOCABULARY, MERGES);
  }

  /**
   * The equivalent {@code tokenizer.json}, without the settings of {@code tokenizer_config.json}.
   *
   * @throws CheckpointException if one of the files is invalid
   */
  static String json(Path folder) throws IOException {
    ConfigJson vocabulary = ConfigJson.read(folder.resolve(VOCABULARY));
    ConfigJson config = TokenizerSettings.configOf(folder);
    boolean opt = !vocabulary.has(GPT2_END) && !isPlainGpt2(config);
    int begin = opt ? vocabulary.intAt(OPT_BEGIN) : -1;
    var text = new StringWriter();
    try (var json = new JsonWriter(text)) {
      json.beginObject().name("version").value("1.0");
      json.name("added_tokens").beginArray();
      writeAdded(folder, config, vocabulary, json);
      json.endArray();
      json.name("pre_tokenizer").jsonValue(byteLevel(false));
      json.name("decoder").jsonValue(byteLevel(true));
      if (opt) {
        json.name("post_processor").jsonValue(beginning(begin));
      }
      json.name("model").beginObject().name("type").value("BPE");
      writeVocabulary(vocabulary, json);
      writeMerges(folder, json);
      json.endObject().endObject();
    }
    return text.toString();
  }

  /**
   * Whether the tokenizer is transformers' GPT-2 class, which adds no start token unless a setting
   * says so.
   */
  private static boolean isPlainGpt2(ConfigJson config) throws CheckpointException {
    return TokenizerSettings.classOf(config).equals("GPT2Tokenizer");
  }

  private static void writeAdded(
      Path folder, ConfigJson config, ConfigJson vocabulary, JsonWriter json) throws IOException {
    Map<Integer, String> special = new TreeMap<>();
    if (config.keys().stream().noneMatch(key -> key.endsWith("_token"))) {
      for (String token : OPT_SPECIAL) {
        if (vocabulary.has(token)) {
          special.put(vocabulary.intAt(token), token);
        }
      }
    }
    for (Map.Entry<Integer, String> token : special.entrySet()) {
      writeToken(token.getKey(), token.getValue(), true, json);
    }
    Path file = folder.resolve(ADDED);
    if (Files.exists(file)) {
      ConfigJson added = ConfigJson.read(file);
      Map<Integer, String> byId = new TreeMap<>();
      for (String token : added.keys()) {
        byId.put(added.intAt(token), token);
      }
      for (Map.Entry<Integer, String> token : byId.entrySet()) {
        writeToken(token.getKey(), token.getValue(), false, json);
      }
    }
  }

  private static void writeToken(int id, String content, boolean special, JsonWriter json)
      throws IOException {
    json.beginObject().name("id").value(id).name("content").value(content);
    for (String flag : List.of("single_word", "lstrip", "rstrip")) {
      json.name(flag).value(false);
    }
    json.name("normalized").value(!special).name("special").value(special).endObject();
  }

  private static String byteLevel(boolean prefixed) {
    return String.format(
        Locale.ROOT,
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":%b,\"trim_offsets\":true,"
            + "\"use_regex\":true}",
        prefixed);
  }

  private static String beginning(int id) {
    String begin = "{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}}";
    String sequence = "{\"Sequence\":{\"id\":\"%s\",\"type_id\":0}}";
    return String.format(
        Locale.ROOT,
        "{\"type\":\"TemplateProcessing\",\"single\":[%s,%s],\"pair\":[%s,%s,%s],"
            + "\"special_tokens\":{\"</s>\":{\"id\":\"</s>\",\"ids\":[%d],\"tokens\":[\"</s>\"]}}}",
        begin,
        String.format(Locale.ROOT, sequence, "A"),
        begin,
        String.format(Locale.ROOT, sequence, "A"),
        String.format(Locale.ROOT, sequence, "B"),
        id);
  }

  private static void writeVocabulary(ConfigJson vocabulary, JsonWriter json) throws IOException {
    json.name("vocab").beginObject();
    for (String token : vocabulary.keys()) {
      json.name(token).value(vocabulary.intAt(token));
    }
    json.endObject();
  }

  private static void writeMerges(Path folder, JsonWriter json) throws IOException {
    json.name("merges").beginArray();
    int number = 0;
    for (String line : TextFile.lines(folder.resolve(MERGES), "merges")) {
      number++;
      if (line.isEmpty() || line.startsWith("#version")) {
        continue;
      }
      int space = line.indexOf(' ');
      if (space < 0 || line.indexOf(' ', space + 1) >= 0) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: line %d expected two tokens around a space, got \"%s\"",
                MERGES,
                number,
                line.length() > 60 ? line.substring(0, 60) : line));
      }
      json.beginArray().value(line.substring(0, space)).value(line.substring(space + 1)).endArray();
    }
    json.endArray();
  }
}
