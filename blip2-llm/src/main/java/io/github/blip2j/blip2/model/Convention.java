package io.github.blip2j.blip2.model;

import io.github.blip2j.text.QuestionText;
import io.github.blip2j.vision.VisionConfig;
import org.jspecify.annotations.Nullable;

/**
 * The reference implementation to follow. The two references compute different numbers and texts
 * from equal weights: they differ in the epsilon of the norm after the vision encoder, the maximal
 * length of prompts, the tokens that repetition penalties count, and the default decoding.
 */
public enum Convention {
  /**
   * Hugging Face: an epsilon from the configuration, prompts of any length, repetition penalties
   * that count the image's placeholders and the prompt if the checkpoint has placeholders, greedy
   * decoding.
   */
  HF,
  /**
   * LAVIS: an epsilon of 1e-5, prompts of OPT cut to 32 tokens, questions cleaned, repetition
   * penalties that count new tokens only, five beams by the rules of transformers 4.33; see {@code
   * LavisGenerationConfigs}.
   */
  LAVIS;

  private static final double LAVIS_NORM_EPS = 1e-5; // PyTorch's default

  /** The preprocessing of questions, or null for none. */
  @Nullable
  public QuestionText questions() {
    return this == LAVIS ? QuestionText.lavis() : null;
  }

  /** Epsilon of the norm after the vision encoder. */
  double visionNormEps(VisionConfig vision) {
    return this == LAVIS ? LAVIS_NORM_EPS : vision.normEps();
  }
}
