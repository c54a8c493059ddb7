package io.github.blip2j.llm;

import org.jspecify.annotations.Nullable;

/**
 * The numbers and names by which LAVIS treats one kind of language model differently from another.
 *
 * @param name as in the tensor {@code NAME_proj.weight}: {@code opt}, {@code t5} or {@code llm};
 *     null for a language model that LAVIS lacks
 * @param captionTokens the most new tokens of a caption
 * @param answerLengthPenalty the exponent of the length of answers in beam search
 * @param instructedAnswerLengthPenalty the same in an InstructBLIP
 * @param cutsPrompts whether prompts are truncated when texts are generated
 * @param endBegins whether prompts begin with the end token, which LAVIS makes the begin token of
 *     Vicuna's tokenizer
 */
public record LavisRules(
    @Nullable String name,
    int captionTokens,
    int answerLengthPenalty,
    int instructedAnswerLengthPenalty,
    boolean cutsPrompts,
    boolean endBegins) {
  /** Of a language model that LAVIS lacks: no name, and no exceptions when it generates. */
  public static final LavisRules UNKNOWN = new LavisRules(null, 30, 0, 0, false, false);

  /**
   * The name.
   *
   * @throws IllegalArgumentException if LAVIS has no such language model
   */
  public String requireName() {
    if (name == null) {
      throw new IllegalArgumentException(
          "lavis: language model expected to be an OPT, a T5 or of Vicuna's kind, got one that LAVIS"
              + " lacks; write a folder of Hugging Face's format or of this library");
    }
    return name;
  }
}
