package io.github.blip2j.blip2.checkpoint.lavis;

/**
 * The treatment of a key bias in the vision encoder of Hugging Face. It adds the same to all scores
 * of a softmax and so changes nothing, but training there may have moved it.
 */
public enum KeyBias {
  /** Stop: LAVIS has no such tensor. */
  REFUSE,
  /** Store it as {@code k_bias}, which LAVIS leaves unread and the way back finds. */
  KEEP
}
