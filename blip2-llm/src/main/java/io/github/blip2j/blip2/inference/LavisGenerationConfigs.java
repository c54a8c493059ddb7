package io.github.blip2j.blip2.inference;

import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LavisRules;

/**
 * LAVIS's default decoding. Lengths count new tokens: the one id for image and prompt that LAVIS's
 * {@code max_length} of a decoder counts too is subtracted, and so is T5's start token of {@code
 * min_length}.
 *
 * <p>Its {@code use_nucleus_sampling} is {@code .sampling()} after these, which samples the beams'
 * tokens and applies top-k 50 besides the nucleus; for plain nucleus sampling add {@code
 * .numBeams(1)}.
 */
public final class LavisGenerationConfigs {
  private static final int BEAMS = 5;
  private static final int UNSEEN_START = 1;

  private LavisGenerationConfigs() {}

  /** {@code generate} of {@code blip2_opt} and {@code blip2_t5}: a caption. */
  public static GenerationConfig caption(LanguageConfig language) {
    return beams().maxNewTokens(rules(language).newTokens(30)).topP(0.9);
  }

  /** Their {@code predict_answers}, which favours short answers of T5. */
  public static GenerationConfig answer(LanguageConfig language) {
    return beams().maxNewTokens(10).lengthPenalty(rules(language).answerLengthPenalty());
  }

  /** {@code generate} of {@code blip2_t5_instruct} and {@code blip2_vicuna_instruct}. */
  public static GenerationConfig instruction(LanguageConfig language) {
    return beams().maxNewTokens(rules(language).newTokens(256)).topP(0.9).repetitionPenalty(1.5);
  }

  /**
   * {@code predict_answers} of {@code blip2_t5_instruct} and {@code blip2_vicuna_instruct}, which
   * penalise repetition too.
   */
  public static GenerationConfig instructionAnswer(LanguageConfig language) {
    return instruction(language)
        .maxNewTokens(rules(language).newTokens(10))
        .lengthPenalty(rules(language).answerLengthPenalty());
  }

  /**
   * The captioning task of LAVIS's configuration for COCO, with the changes since the end of 2023:
   * a repetition penalty, and no length penalty.
   */
  public static GenerationConfig captioningTask(LanguageConfig language) {
    return formerCaptioningTask(language).repetitionPenalty(1.15).lengthPenalty(0);
  }

  /** The captioning task before these changes, which the published numbers were made with. */
  public static GenerationConfig formerCaptioningTask(LanguageConfig language) {
    return caption(language).minNewTokens(8 - UNSEEN_START);
  }

  private static LavisRules rules(LanguageConfig language) {
    return language.family().lavis();
  }

  private static GenerationConfig beams() {
    return GenerationConfig.beams(BEAMS).beamRules(BeamRules.TRANSFORMERS_4_33);
  }
}
