package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.Component;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import io.github.blip2j.text.tokenizer.pretokenizer.MetaspacePreTokenizer.PrependScheme;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds pre-tokenizers from a file. */
public final class PreTokenizers {
  private PreTokenizers() {}

  /**
   * The pre-tokenizer that a file describes.
   *
   * @throws CheckpointException if its type is unknown or its settings are invalid
   */
  static @Nullable public PreTokenizer read(@Nullable Component json, Overrides overrides)
      throws CheckpointException {
    return json == null ? null : build(json, overrides);
  }

  private static PreTokenizer build(Component json, Overrides overrides)
      throws CheckpointException {
    return switch (json.type()) {
      case "Sequence" -> sequence(json, overrides);
      case "BertPreTokenizer" -> new BertPreTokenizer();
      case "ByteLevel" ->
          new ByteLevelPreTokenizer(
              overrides.prefixesSpace(json.flag("add_prefix_space", true)),
              json.flag("use_regex", true));
      case "Metaspace" ->
          new MetaspacePreTokenizer(
              json.character("replacement"), prependScheme(json), json.flag("split", true));
      case "Whitespace" -> new WhitespacePreTokenizer();
      case "WhitespaceSplit" -> CodePointSplit.whitespace();
      case "Split" ->
          new SplitPreTokenizer(
              json.pattern("pattern"),
              behavior(json, json.string("behavior")),
              json.flag("invert", false));
      case "Punctuation" ->
          CodePointSplit.punctuation(behavior(json, json.string("behavior", "Isolated")));
      case "Digits" ->
          new CodePointSplit(
              UnicodeData::isNumeric,
              json.flag("individual_digits", false)
                  ? SplitBehavior.ISOLATED
                  : SplitBehavior.CONTIGUOUS);
      case "CharDelimiterSplit" -> delimiter(json.character("delimiter").codePointAt(0));
      case "UnicodeScripts" -> new UnicodeScriptsPreTokenizer();
      case "FixedLength" -> fixedLength(json);
      default -> throw json.unsupported("pre-tokenizer");
    };
  }

  private static PreTokenizer sequence(Component json, Overrides overrides)
      throws CheckpointException {
    List<PreTokenizer> preTokenizers = new ArrayList<>();
    for (Component child : json.children("pretokenizers")) {
      preTokenizers.add(build(child, overrides));
    }
    return new PreTokenizerSequence(preTokenizers);
  }

  /** The prepend scheme, for the decoder too; older files have {@code add_prefix_space} instead. */
  public static PrependScheme prependScheme(Component json) throws CheckpointException {
    String name = json.string("prepend_scheme", "always");
    PrependScheme scheme =
        switch (name) {
          case "always" -> PrependScheme.ALWAYS;
          case "first" -> PrependScheme.FIRST;
          case "never" -> PrependScheme.NEVER;
          default ->
              throw json.error("prepend_scheme expected always, first or never, got " + name);
        };
    return json.flag("add_prefix_space", true) ? scheme : PrependScheme.NEVER;
  }

  private static SplitBehavior behavior(Component json, String name) throws CheckpointException {
    return switch (name) {
      case "Removed" -> SplitBehavior.REMOVED;
      case "Isolated" -> SplitBehavior.ISOLATED;
      case "MergedWithPrevious" -> SplitBehavior.MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> SplitBehavior.MERGED_WITH_NEXT;
      case "Contiguous" -> SplitBehavior.CONTIGUOUS;
      default -> throw json.error("behavior expected a known one, got " + name);
    };
  }

  private static PreTokenizer delimiter(int delimiter) {
    return new CodePointSplit(codePoint -> codePoint == delimiter, SplitBehavior.REMOVED);
  }

  private static PreTokenizer fixedLength(Component json) throws CheckpointException {
    int length = json.integer("length");
    if (length < 1) {
      throw json.error("length expected at least 1, got " + length);
    }
    return new FixedLengthPreTokenizer(length);
  }
}
