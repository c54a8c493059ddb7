package io.github.blip2j.text;

import io.github.blip2j.io.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code tokenizer_config.json} adds to a tokenizer.
 *
 * @param padTokens spellings of the padding token, the likeliest first
 * @param cleansUp whether decoding removes the spaces before punctuation
 */
record TokenizerSettings(List<String> padTokens, boolean cleansUp) {
  private static final List<String> USUAL_PADS = List.of("<pad>", "[PAD]");

  static final TokenizerSettings NONE = new TokenizerSettings(USUAL_PADS, false);

  static TokenizerSettings read(Path folder) throws IOException {
    Path path = folder.resolve("tokenizer_config.json");
    if (!Files.exists(path)) {
      return NONE;
    }
    ConfigJson config = ConfigJson.read(path);
    List<String> pads = config.has("pad_token") ? List.of(padToken(config)) : USUAL_PADS;
    return new TokenizerSettings(pads, config.booleanAt("clean_up_tokenization_spaces", false));
  }

  /** Tokens are plain strings or, from older versions, objects with flags. */
  private static String padToken(ConfigJson config) throws IOException {
    return config.hasChild("pad_token")
        ? config.child("pad_token").stringAt("content")
        : config.stringAt("pad_token");
  }

  /**
   * The text as transformers 5 returns it. It ignores the setting for byte-pair encodings, whose
   * spaces are the author's, though many of their checkpoints carry it.
   */
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
