package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.Component;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds normalizers from a file. */
public final class Normalizers {
  private Normalizers() {}

  /**
   * The normalizer that a file describes.
   *
   * @throws CheckpointException if its type is unknown or its settings are invalid
   */
  static @Nullable public Normalizer read(@Nullable Component json, Overrides overrides)
      throws CheckpointException {
    return json == null ? null : build(json, overrides);
  }

  private static Normalizer build(Component json, Overrides overrides) throws CheckpointException {
    return switch (json.type()) {
      case "Sequence" -> sequence(json, overrides);
      case "BertNormalizer" -> bert(json, overrides);
      case "NFC" -> new UnicodeNormalizer(Form.NFC);
      case "NFD" -> new UnicodeNormalizer(Form.NFD);
      case "NFKC" -> new UnicodeNormalizer(Form.NFKC);
      case "NFKD" -> new UnicodeNormalizer(Form.NFKD);
      case "Lowercase" -> new LowercaseNormalizer();
      case "Strip" -> new StripNormalizer(json.flag("strip_left"), json.flag("strip_right"));
      case "StripAccents" -> new StripAccentsNormalizer();
      case "Nmt" -> new NmtNormalizer();
      case "Prepend" -> new PrependNormalizer(json.string("prepend"));
      case "ByteLevel" -> new ByteLevelNormalizer();
      case "Replace" -> replace(json);
      case "Precompiled" -> precompiled(json);
      default -> throw json.unsupported("normalizer");
    };
  }

  private static Normalizer sequence(Component json, Overrides overrides)
      throws CheckpointException {
    List<Normalizer> normalizers = new ArrayList<>();
    for (Component child : json.children("normalizers")) {
      normalizers.add(build(child, overrides));
    }
    return new NormalizerSequence(normalizers);
  }

  private static Normalizer bert(Component json, Overrides overrides) throws CheckpointException {
    boolean lowersCase = json.flag("lowercase", true);
    return overrides.bert(
        new BertNormalizer(
            json.flag("clean_text", true),
            json.flag("handle_chinese_chars", true),
            json.flag("strip_accents", lowersCase),
            lowersCase));
  }

  /** The normalizer {@code Replace}; the decoder of that name uses it too. */
  public static ReplaceNormalizer replace(Component json) throws CheckpointException {
    if (json.child("pattern").string("String", "something").isEmpty()) {
      throw json.error("pattern expected something to replace, got \"\"");
    }
    return new ReplaceNormalizer(json.pattern("pattern"), json.string("content"));
  }

  private static Normalizer precompiled(Component json) throws CheckpointException {
    try {
      return PrecompiledNormalizer.parse(json.text("precompiled_charsmap"));
    } catch (IllegalArgumentException e) {
      throw json.error("precompiled_charsmap: " + e.getMessage(), e);
    }
  }
}
