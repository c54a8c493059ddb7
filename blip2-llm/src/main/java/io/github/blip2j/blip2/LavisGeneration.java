package io.github.blip2j.blip2;

import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.OptConfig;

/**
 * How LAVIS decodes where it is not told otherwise. Lengths are of new tokens: what its {@code
 * max_length} of OPT counts besides, the one id that stands for the image and the prompt, is taken
 * off, and so is T5's start token of {@code min_length}.
 *
 * <p>Its {@code use_nucleus_sampling} is {@code .sampling()} after these, which draws the beams'
 * tokens and keeps the 50 best besides the nucleus; for plain nucleus sampling add {@code
 * .withBeams(1)}.
 */
public final class LavisGeneration {
  private static final int BEAMS = 5;
  private static final int UNSEEN_START = 1;

  private LavisGeneration() {}

  /** {@code generate} of {@code blip2_opt} and {@code blip2_t5}: a caption. */
  public static Decoding caption(LanguageConfig language) {
    return beams().maxNewTokens(isOpt(language) ? 30 - UNSEEN_START : 30).topP(0.9);
  }

  /** Their {@code predict_answers}, which favours short answers of T5. */
  public static Decoding answer(LanguageConfig language) {
    return beams().maxNewTokens(10).lengthPenalty(isOpt(language) ? 0 : -1);
  }

  /** {@code generate} of {@code blip2_t5_instruct}. */
  public static Decoding instruction() {
    return beams().maxNewTokens(256).topP(0.9).repetitionPenalty(1.5);
  }

  /** Its {@code predict_answers}, which hands on what it does not set itself. */
  public static Decoding instructedAnswer() {
    return instruction().maxNewTokens(10).lengthPenalty(-1);
  }

  /**
   * The captioning task as its files for COCO set it up, with what LAVIS has added to it since the
   * end of 2023: a penalty of repetition, and none of length.
   */
  public static Decoding captioningTask(LanguageConfig language) {
    return formerCaptioningTask(language).repetitionPenalty(1.15).lengthPenalty(0);
  }

  /** The same before, with which the published numbers were made. */
  public static Decoding formerCaptioningTask(LanguageConfig language) {
    return caption(language).minNewTokens(8 - UNSEEN_START);
  }

  private static Decoding beams() {
    return Decoding.beams(BEAMS).beamRules(BeamRules.TRANSFORMERS_4_33);
  }

  private static boolean isOpt(LanguageConfig language) {
    return language instanceof OptConfig;
  }
}
