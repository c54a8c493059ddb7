package io.github.blip2j.blip2.checkpoint.lavis;

/**
 * The treatment of a key bias in the vision encoder of Hugging Face. A key bias adds the same to
 * all scores of a softmax, which does not change the result. Training with Hugging Face may have
 * changed the bias from zero.
 */
public enum KeyBias {
  /** Refuse the checkpoint: LAVIS has no such tensor. */
  REFUSE,
  /** Store it as {@code k_bias}. LAVIS ignores it, and the conversion back restores it. */
  KEEP
}
