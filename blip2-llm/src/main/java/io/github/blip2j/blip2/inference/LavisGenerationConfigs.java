package io.github.blip2j.blip2.inference;

import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.LanguageConfig;

/**
 * How LAVIS decodes where it is not told otherwise. Lengths are of new tokens: what its {@code
 * max_length} of OPT counts besides, the one id that stands for the image and the prompt, is taken
 * off, and so is T5's start token of {@code min_length}.
 *
 * <p>Its {@code use_nucleus_sampling} is {@code .sampling()} after these, which draws the beams'
 * tokens and keeps the 50 best besides the nucleus; for plain nucleus sampling add {@code
 * .withBeams(1)}.
 */
public final class LavisGenerationConfigs {
  private static final int BEAMS = 5;
  private static final int UNSEEN_START = 1;

  private LavisGenerationConfigs() {}

  /** {@code generate} of {@code blip2_opt} and {@code blip2_t5}: a caption. */
  public static GenerationConfig caption(LanguageConfig language) {
    int most =
        switch (language.kind()) {
          case OPT -> 30 - UNSEEN_START;
          case T5 -> 30;
        };
    return beams().maxNewTokens(most).topP(0.9);
  }

  /** Their {@code predict_answers}, which favours short answers of T5. */
  public static GenerationConfig answer(LanguageConfig language) {
    int lengthPenalty =
        switch (language.kind()) {
          case OPT -> 0;
          case T5 -> -1;
        };
    return beams().maxNewTokens(10).lengthPenalty(lengthPenalty);
  }

  /** {@code generate} of {@code blip2_t5_instruct}. */
  public static GenerationConfig instruction() {
    return beams().maxNewTokens(256).topP(0.9).repetitionPenalty(1.5);
  }

  /** {@code predict_answers} of {@code blip2_t5_instruct}, which penalises repetition too. */
  public static GenerationConfig instructionAnswer() {
    return instruction().maxNewTokens(10).lengthPenalty(-1);
  }

  /**
   * The captioning task as its files for COCO set it up, with what LAVIS has added to it since the
   * end of 2023: a penalty of repetition, and none of length.
   */
  public static GenerationConfig captioningTask(LanguageConfig language) {
    return formerCaptioningTask(language).repetitionPenalty(1.15).lengthPenalty(0);
  }

  /** The same before, with which the published numbers were made. */
  public static GenerationConfig formerCaptioningTask(LanguageConfig language) {
    return caption(language).minNewTokens(8 - UNSEEN_START);
  }

  private static GenerationConfig beams() {
    return GenerationConfig.beams(BEAMS).beamRules(BeamRules.TRANSFORMERS_4_33);
  }
}
