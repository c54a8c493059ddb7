package io.github.blip2j.llm;

import org.jspecify.annotations.Nullable;

/**
 * The numbers and names by which LAVIS treats one kind of language model differently from another.
 * Each is from the source of LAVIS, {@code lavis/models/blip2_models}, at its last commit:
 *
 * <pre>{@code
 *                                 blip2_opt.py   blip2_t5.py,          blip2_vicuna_
 *                                                blip2_t5_instruct.py  instruct.py
 * name of the projection          opt_proj       t5_proj               llm_proj
 * generate                        max_length     max_new_tokens        max_length
 *   of the COCO task              30             30                    30
 *   by default in an InstructBLIP                256                   256
 * predict_answers                 max_new_tokens max_new_tokens        max_length
 *   tokens                        10             10                    10
 *   length_penalty                0              -1                    0
 * generate truncates prompts      yes            no                    no
 * }</pre>
 *
 * <p>Both decoders get embeddings and no ids. The transformers of LAVIS's time (4.27 to 4.33) then
 * begin the ids with one begin token, which {@code max_length} and {@code min_length} count.
 *
 * @param name as in the tensor {@code NAME_proj.weight}: {@code opt}, {@code t5} or {@code llm};
 *     null for a language model that LAVIS lacks
 * @param countsBegin whether the longest text of {@code generate} is a {@code max_length}, one
 *     token of which nobody sees
 * @param answerLengthPenalty the exponent of the length of answers in beam search
 * @param cutsPrompts whether prompts are truncated when texts are generated
 */
public record LavisRules(
    @Nullable String name, boolean countsBegin, int answerLengthPenalty, boolean cutsPrompts) {
  /** Of a language model that LAVIS lacks: no name, and no exceptions when it generates. */
  public static final LavisRules UNKNOWN = new LavisRules(null, false, 0, false);

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

  /** What is left of a limit of {@code generate} for tokens that it generates. */
  public int newTokens(int limit) {
    return countsBegin ? limit - 1 : limit;
  }
}
