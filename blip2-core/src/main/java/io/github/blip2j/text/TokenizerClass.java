package io.github.blip2j.text;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import java.util.Locale;

/**
 * What a class of transformers 5 builds itself, whatever the {@code tokenizer.json} beside it has:
 * normalizer, pre-tokenizer and decoder, and settings of the model. The vocabulary, the merges and
 * mostly the post-processor stay the file's. Other classes take the file as it is.
 */
final class TokenizerClass {
  /** Opens the pieces of a SentencePiece vocabulary, such as LLaMA's. */
  private static final String BYTE_PIECES =
      "'model': {'byte_fallback': true, 'fuse_unk': true, 'ignore_merges': false},";

  private static final String SPACES = "{'type': 'Replace', 'pattern': {'String': '▁'},";
  private static final String STRIP = ", {'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0}";

  // Qwen's words, of tokenization_qwen2.py
  private static final String QWEN_WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
          + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private TokenizerClass() {}

  /**
   * Adds the parts that a class builds to overrides.
   *
   * @param kind the class, without {@code Fast}
   * @param config the {@code tokenizer_config.json} that names it
   */
  static Overrides addTo(Overrides overrides, String kind, ConfigJson config)
      throws CheckpointException {
    boolean prefixed = !config.has("add_prefix_space") || config.booleanAt("add_prefix_space");
    return switch (kind) {
      case "LlamaTokenizer" -> {
        String scheme = config.booleanAt("legacy", false) ? "always" : "first";
        yield overrides.withParts(metaspace(prefixed ? scheme : "never", prefixed ? STRIP : ""));
      }
      case "CodeLlamaTokenizer" ->
          overrides.withParts(metaspace(prefixed ? "first" : "never", STRIP));
      case "GemmaTokenizer" -> overrides.withParts(gemma());
      case "T5Tokenizer" -> overrides.withParts(t5()).withPrecompiledNormalizerOnly();
      case "GPT2Tokenizer" -> overrides.withParts(gpt2());
      case "Qwen2Tokenizer" -> overrides.withParts(qwen2());
      default -> overrides;
    };
  }

  /** Spaces become a visible character, and one stands before a text. */
  private static String metaspace(String scheme, String strip) {
    return json(
        "{%s 'normalizer': null, 'pre_tokenizer': {'type': 'Metaspace', 'replacement': '▁',"
            + " 'prepend_scheme': '%s', 'split': false}, 'decoder': %s}",
        BYTE_PIECES, scheme, decoder(strip));
  }

  private static String gemma() {
    return json(
        "{%s 'normalizer': {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'},"
            + " 'pre_tokenizer': {'type': 'Split', 'pattern': {'String': ' '},"
            + " 'behavior': 'MergedWithPrevious', 'invert': false}, 'decoder': %s}",
        BYTE_PIECES, decoder(""));
  }

  private static String decoder(String strip) {
    return "{'type': 'Sequence', 'decoders': ["
        + SPACES
        + " 'content': ' '}, {'type': 'ByteFallback'}, {'type': 'Fuse'}"
        + strip
        + "]}";
  }

  private static String t5() {
    String metaspace =
        "{'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': 'always', 'split': true}";
    return json(
        "{'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [{'type': 'WhitespaceSplit'}, %s]},"
            + " 'decoder': %s}",
        metaspace, metaspace);
  }

  private static String gpt2() {
    return json(
        "{'normalizer': null, 'pre_tokenizer': %s, 'decoder': %s}", bytes(true), bytes(true));
  }

  private static String qwen2() {
    String words = QWEN_WORDS.replace("\\", "\\\\").replace("'", "\\u0027");
    return json(
        "{'normalizer': {'type': 'NFC'}, 'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': ["
            + "{'type': 'Split', 'pattern': {'Regex': '%s'}, 'behavior': 'Isolated',"
            + " 'invert': false}, %s]}, 'decoder': %s}",
        words, bytes(false), bytes(true));
  }

  private static String bytes(boolean splits) {
    return json(
        "{'type': 'ByteLevel', 'add_prefix_space': false, 'trim_offsets': true, 'use_regex': %s}",
        splits);
  }

  private static String json(String format, Object... values) {
    return String.format(Locale.ROOT, format, values).replace('\'', '"');
  }
}
