package io.github.blip2j.llm;

import java.util.Arrays;
import java.util.Optional;

/** Families of language models that BLIP-2 speaks through, as checkpoints name them. */
public enum LanguageKind {
  /** A decoder, which continues what stands before. */
  OPT("opt", false),
  /** An encoder, which reads what it is asked, and a decoder, which writes the answer. */
  T5("t5", true);

  private final String label;
  private final boolean encodes;

  LanguageKind(String label, boolean encodes) {
    this.label = label;
    this.encodes = encodes;
  }

  /** The kind that the {@code model_type} of a {@code config.json} says, if it is one of ours. */
  public static Optional<LanguageKind> of(String modelType) {
    return Arrays.stream(values()).filter(kind -> kind.label.equals(modelType)).findFirst();
  }

  /** Whether what is read and what is written are texts of their own. */
  public boolean encodes() {
    return encodes;
  }

  /** As {@code model_type} says it, and LAVIS in names such as {@code opt_proj}. */
  @Override
  public String toString() {
    return label;
  }
}
