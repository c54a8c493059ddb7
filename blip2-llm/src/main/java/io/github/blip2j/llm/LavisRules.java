package io.github.blip2j.llm;

/**
 * The numbers and names by which LAVIS treats one kind of language model differently from another.
 *
 * @param name as in the tensor {@code NAME_proj.weight}: {@code opt}, {@code t5} or {@code llm}
 * @param captionTokens the most new tokens of a caption
 * @param answerLengthPenalty the exponent of the length of answers in beam search
 * @param instructedAnswerLengthPenalty the same in an InstructBLIP
 * @param cutsPrompts whether prompts are truncated when texts are generated
 * @param endBegins whether prompts begin with the end token, which LAVIS makes the begin token of
 *     Vicuna's tokenizer
 */
public record LavisRules(
    String name,
    int captionTokens,
    int answerLengthPenalty,
    int instructedAnswerLengthPenalty,
    boolean cutsPrompts,
    boolean endBegins) {
  /** Rules without exceptions. */
  public static LavisRules of(String name) {
    return new LavisRules(name, 30, 0, 0, false, false);
  }
}
