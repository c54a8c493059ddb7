package io.github.blip2j.text;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.TextFile;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code vocab.txt}: BERT's pieces, one a line, as transformers' {@code BertTokenizer} reads it.
 */
final class WordPieceFile {
  static final String NAME = "vocab.txt";
  private static final List<String> SPECIAL = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  /** Required by the tokenizers library. */
  private static final String[] FALSE_OF_SPECIAL = {
    "single_word", "lstrip", "rstrip", "normalized"
  };

  private WordPieceFile() {}

  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME));
  }

  /**
   * The equivalent {@code tokenizer.json}, with BERT's settings in {@code tokenizer_config.json}.
   *
   * @throws CheckpointException if the file isn't UTF-8, or lacks a special token
   */
  static String json(Path folder) throws IOException {
    ConfigJson config = TokenizerSettings.configOf(folder);
    Map<String, Integer> vocabulary = vocabulary(folder);
    boolean lowersCase = config.booleanAt("do_lower_case", true);
    var text = new StringWriter();
    try (var json = new JsonWriter(text)) {
      json.beginObject().name("version").value("1.0").name("added_tokens").beginArray();
      for (String token : SPECIAL) {
        if (vocabulary.containsKey(token)) {
          json.beginObject().name("id").value(vocabulary.get(token));
          json.name("content").value(token);
          for (String never : FALSE_OF_SPECIAL) {
            json.name(never).value(false);
          }
          json.name("special").value(true).endObject();
        }
      }
      json.endArray();
      json.name("normalizer").beginObject().name("type").value("BertNormalizer");
      json.name("clean_text").value(true);
      json.name("handle_chinese_chars").value(config.booleanAt("tokenize_chinese_chars", true));
      json.name("strip_accents").value(config.booleanAt("strip_accents", lowersCase));
      json.name("lowercase").value(lowersCase).endObject();
      json.name("pre_tokenizer").jsonValue("{\"type\":\"BertPreTokenizer\"}");
      json.name("decoder").jsonValue("{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}");
      json.name("post_processor").beginObject().name("type").value("BertProcessing");
      writeToken("cls", config, vocabulary, json);
      writeToken("sep", config, vocabulary, json);
      json.endObject();
      json.name("model").beginObject().name("type").value("WordPiece");
      json.name("unk_token").value(special("unk", config));
      json.name("continuing_subword_prefix").value("##");
      json.name("max_input_chars_per_word").value(100).name("vocab").beginObject();
      for (Map.Entry<String, Integer> token : vocabulary.entrySet()) {
        json.name(token.getKey()).value(token.getValue());
      }
      json.endObject().endObject().endObject();
    }
    return text.toString();
  }

  private static Map<String, Integer> vocabulary(Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    int id = 0;
    for (String line : TextFile.lines(folder.resolve(NAME), "words")) {
      vocabulary.put(line.stripTrailing(), id++);
    }
    return vocabulary;
  }

  private static String special(String name, ConfigJson config) throws CheckpointException {
    ConfigJson none = ConfigJson.parse(NAME, "{}");
    @Nullable String told = TokenizerSettings.named(config, none, name + "_token");
    return told == null ? "[" + name.toUpperCase(Locale.ROOT) + "]" : told;
  }

  private static void writeToken(
      String name, ConfigJson config, Map<String, Integer> vocabulary, JsonWriter json)
      throws IOException {
    String token = special(name, config);
    @Nullable Integer id = vocabulary.get(token);
    if (id == null) {
      throw new CheckpointException(NAME + ": " + token + " is missing");
    }
    json.name(name).beginArray().value(token).value(id).endArray();
  }
}
