package io.github.blip2j.llm;

import io.github.blip2j.io.file.CheckpointException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Families of language models for BLIP-2, as checkpoints name them. */
public enum LanguageFamily {
  /** Decoder-only: continues the prompt. */
  OPT("opt", false, "opt"),
  /**
   * Encoder-decoder: the encoder takes the prompt, the decoder generates the answer. Includes
   * {@code mt5}, with a tokenizer of many languages.
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

  /** The family of the {@code model_type} of a {@code config.json}, if it is supported. */
  public static Optional<LanguageFamily> of(String modelType) {
    return Arrays.stream(values())
        .filter(kind -> kind.label.equals(modelType) || kind.otherType.equals(modelType))
        .findFirst();
  }

  /**
   * The family of the {@code model_type} of a {@code config.json}.
   *
   * @param where the file and key, for the message
   * @throws CheckpointException naming the supported ones, if it is not supported
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

  /** Whether input and output are separate texts (encoder-decoder). */
  public boolean encodes() {
    return encodes;
  }

  /** The family in LAVIS's names such as {@code opt_proj}. */
  @Override
  public String toString() {
    return label;
  }
}
