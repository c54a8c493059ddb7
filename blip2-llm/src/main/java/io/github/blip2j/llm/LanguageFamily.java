package io.github.blip2j.llm;

import io.github.blip2j.io.file.CheckpointException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Families of language models that BLIP-2 speaks through, as checkpoints name them. */
public enum LanguageFamily {
  /** A decoder, which continues what stands before. */
  OPT("opt", false, "opt"),
  /**
   * An encoder, which reads what it is asked, and a decoder, which writes the answer. An {@code
   * mt5} is one too, with a tokenizer of many languages.
   */
  T5("t5", true, "mt5");

  private final String label;
  private final boolean encodes;
  private final String otherType;

  LanguageFamily(String label, boolean encodes, String otherType) {
    this.label = label;
    this.encodes = encodes;
    this.otherType = otherType;
  }

  /** The kind that the {@code model_type} of a {@code config.json} says, if it is one of ours. */
  public static Optional<LanguageFamily> of(String modelType) {
    return Arrays.stream(values())
        .filter(kind -> kind.label.equals(modelType) || kind.otherType.equals(modelType))
        .findFirst();
  }

  /**
   * The kind that the {@code model_type} of a {@code config.json} says.
   *
   * @param where the file and key, for the message
   * @throws CheckpointException naming those that there are, if it is none of ours
   */
  public static LanguageFamily require(String where, String modelType) throws CheckpointException {
    Optional<LanguageFamily> kind = of(modelType);
    if (kind.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s expected opt, t5 or mt5, got %s%s",
              where,
              modelType,
              why(modelType)));
    }
    return kind.get();
  }

  private static String why(String modelType) {
    return switch (modelType) {
      case "umt5" -> ", whose layers have position biases of their own";
      case "llama" -> ", as Vicuna is";
      default -> "";
    };
  }

  /** Whether what is read and what is written are texts of their own. */
  public boolean encodes() {
    return encodes;
  }

  /** The family, as LAVIS says it in names such as {@code opt_proj}. */
  @Override
  public String toString() {
    return label;
  }
}
