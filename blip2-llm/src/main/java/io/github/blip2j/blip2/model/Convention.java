package io.github.blip2j.blip2.model;

import io.github.blip2j.text.QuestionText;
import io.github.blip2j.vision.VisionConfig;
import org.jspecify.annotations.Nullable;

/**
 * Whose BLIP-2 a checkpoint is. The two references compute different numbers and texts from equal
 * weights: they norm what leaves the vision tower with another epsilon, read prompts of other
 * lengths, let penalties see other tokens, and search in other ways unless told how.
 */
public enum Convention {
  /**
   * Hugging Face: an epsilon from the configuration, prompts of any length, penalties that see the
   * image's placeholders and the prompt where the checkpoint has placeholders, greedy decoding.
   */
  HF,
  /**
   * LAVIS: an epsilon of 1e-5, prompts of OPT cut to 32 tokens, questions cleaned, penalties that
   * see new tokens only, five beams by the rules of transformers 4.33; see {@code
   * LavisGenerationConfigs}.
   */
  LAVIS;

  private static final double LAVIS_NORM_EPS = 1e-5; // PyTorch's default

  /** How questions are cleaned, or null where they are asked as they are. */
  @Nullable
  public QuestionText questions() {
    return this == LAVIS ? QuestionText.lavis() : null;
  }

  /** Of the norm behind the tower. */
  double visionNormEps(VisionConfig vision) {
    return this == LAVIS ? LAVIS_NORM_EPS : vision.normEps();
  }
}
