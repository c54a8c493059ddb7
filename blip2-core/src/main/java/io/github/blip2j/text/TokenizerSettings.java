package io.github.blip2j.text;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.text.tokenizer.config.AddedToken;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import io.github.blip2j.text.tokenizer.normalizer.Overrides.Around;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings in files beside a {@code tokenizer.json}, as transformers 5 reads them: {@code
 * tokenizer_config.json}, and {@code special_tokens_map.json} for tokens that the former doesn't
 * name.
 *
 * @param padTokens spellings of the padding token, the most likely first
 * @param endToken spelling of the end token, if the files name one
 * @param cleansUp whether decoding removes spaces before punctuation
 * @param overrides settings that take precedence over the tokenizer's own
 */
record TokenizerSettings(
    List<String> padTokens, @Nullable String endToken, boolean cleansUp, Overrides overrides) {
  static final String FILE = "tokenizer_config.json";
  private static final String MAP = "special_tokens_map.json";
  private static final List<String> USUAL_PADS = List.of("<pad>", "[PAD]");
  private static final List<String> NAMED =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final List<String> LISTED =
      List.of("extra_special_tokens", "additional_special_tokens");
  // Classes that build their pre-tokenizer themselves; a space before texts is off by default.
  private static final Set<String> BYTE_LEVEL =
      Set.of(
          "GPT2Tokenizer",
          "RobertaTokenizer",
          "BartTokenizer",
          "LongformerTokenizer",
          "LEDTokenizer",
          "MvpTokenizer",
          "CodeGenTokenizer",
          "GPTNeoXTokenizer",
          "BlenderbotTokenizer",
          "DebertaTokenizer",
          "Qwen2Tokenizer");
  private static final Set<String> WORD_PIECE =
      Set.of(
          "BertTokenizer",
          "DistilBertTokenizer",
          "ElectraTokenizer",
          "MobileBertTokenizer",
          "LxmertTokenizer",
          "FunnelTokenizer",
          "MPNetTokenizer");

  static final TokenizerSettings NONE =
      new TokenizerSettings(USUAL_PADS, null, false, Overrides.NONE);

  /** The settings of a folder; defaults for a single file. */
  static TokenizerSettings of(Path path) throws IOException {
    return Files.isDirectory(path) ? read(path) : NONE;
  }

  static TokenizerSettings read(Path folder) throws IOException {
    ConfigJson config = configOf(folder);
    Path map = folder.resolve(MAP);
    ConfigJson tokens = Files.exists(map) ? ConfigJson.read(map) : ConfigJson.parse(MAP, "{}");
    @Nullable String pad = named(config, tokens, "pad_token");
    return new TokenizerSettings(
        pad == null ? USUAL_PADS : List.of(pad),
        named(config, tokens, "eos_token"),
        config.booleanAt("clean_up_tokenization_spaces", false),
        overrides(config, tokens, TokenizerFolder.isMade(folder)));
  }

  /** A folder's {@code tokenizer_config.json}, without keys if there is none. */
  static ConfigJson configOf(Path folder) throws IOException {
    Path path = folder.resolve(FILE);
    return Files.exists(path) ? ConfigJson.read(path) : ConfigJson.parse(FILE, "{}");
  }

  /** The class of transformers, which older versions called {@code ...Fast}. */
  static String classOf(ConfigJson config) throws CheckpointException {
    return config.stringAt("tokenizer_class", "").replaceFirst("Fast$", "");
  }

  /**
   * @param made whether the tokenizer is made from older files: transformers applies {@code
   *     add_bos_token} and {@code add_eos_token} to those only, not to a {@code tokenizer.json}
   */
  private static Overrides overrides(ConfigJson config, ConfigJson tokens, boolean made)
      throws CheckpointException {
    String kind = classOf(config);
    Overrides overrides = Overrides.NONE.withAdded(added(config, tokens));
    if (WORD_PIECE.contains(kind)) {
      boolean lowersCase = config.booleanAt("do_lower_case", true);
      overrides =
          overrides.withBert(
              lowersCase,
              config.booleanAt("tokenize_chinese_chars", true),
              config.booleanAt("strip_accents", lowersCase));
    }
    if (BYTE_LEVEL.contains(kind)) {
      overrides = overrides.withPrefixSpace(config.booleanAt("add_prefix_space", false));
    }
    overrides = TokenizerClass.addTo(overrides, kind, config);
    boolean surrounds = made && (config.has("add_bos_token") || config.has("add_eos_token"));
    return surrounds && !WORD_PIECE.contains(kind)
        ? overrides.withAround(around(config, tokens, kind))
        : overrides;
  }

  private static Around around(ConfigJson config, ConfigJson tokens, String kind)
      throws CheckpointException {
    @Nullable String begin = named(config, tokens, "bos_token");
    @Nullable String end = named(config, tokens, "eos_token");
    if (kind.equals("GPT2Tokenizer")) { // its defaults
      begin = begin == null && !config.isNull("bos_token") ? "<|endoftext|>" : begin;
      end = end == null && !config.isNull("eos_token") ? "<|endoftext|>" : end;
    }
    return new Around(
        config.booleanAt("add_bos_token", false) ? begin : null,
        config.booleanAt("add_eos_token", false) ? end : null);
  }

  /** Tokens that the settings name; their flags take precedence over those of the file. */
  private static List<AddedToken> added(ConfigJson config, ConfigJson tokens)
      throws CheckpointException {
    List<AddedToken> added = new ArrayList<>();
    if (config.hasChild("added_tokens_decoder")) {
      ConfigJson byId = config.child("added_tokens_decoder");
      List<String> ids = new ArrayList<>(byId.keys());
      ids.sort(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
      for (String id : ids) {
        added.add(flagged(byId.child(id)));
      }
    }
    for (String name : NAMED) {
      ConfigJson source = config.has(name) || config.isNull(name) ? config : tokens;
      if (source.hasChild(name)) {
        added.add(flagged(source.child(name)).asSpecial());
      } else if (source.has(name)) {
        addSpecial(source.stringAt(name), added);
      }
    }
    for (String name : LISTED) {
      for (String token : listed(config.has(name) ? config : tokens, name)) {
        addSpecial(token, added);
      }
    }
    return added;
  }

  private static void addSpecial(String token, List<AddedToken> added) {
    boolean known = added.stream().anyMatch(other -> other.content().equals(token));
    if (!known) {
      added.add(AddedToken.special(token));
    }
  }

  /** A list of strings; some files have objects in it, or an object in its place. */
  private static List<String> listed(ConfigJson config, String name) throws CheckpointException {
    if (!config.has(name) || config.hasChild(name)) {
      return List.of();
    }
    try {
      return config.stringsAt(name);
    } catch (CheckpointException notAllStrings) {
      List<String> contents = new ArrayList<>();
      for (ConfigJson token : config.childrenAt(name)) {
        contents.add(token.stringAt("content"));
      }
      return contents;
    }
  }

  private static AddedToken flagged(ConfigJson token) throws CheckpointException {
    return new AddedToken(
        token.stringAt("content"),
        token.booleanAt("single_word", false),
        token.booleanAt("lstrip", false),
        token.booleanAt("rstrip", false),
        token.booleanAt("normalized", false),
        token.booleanAt("special", false));
  }

  /** A token by its name; plain strings or, from older versions, objects with flags. */
  static @Nullable String named(ConfigJson config, ConfigJson tokens, String name)
      throws CheckpointException {
    ConfigJson source = config.has(name) || config.isNull(name) ? config : tokens;
    if (source.hasChild(name)) {
      return source.child(name).stringAt("content");
    }
    return source.has(name) ? source.stringAt(name) : null;
  }

  /** The cleaned text, as in transformers 5, which ignores the setting for byte-pair encodings. */
  String cleanUp(String text, String modelType) {
    if (!cleansUp || modelType.equals("BPE")) {
      return text;
    }
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
