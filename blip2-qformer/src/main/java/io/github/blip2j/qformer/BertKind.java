package io.github.blip2j.qformer;

/**
 * The kinds of BERT: which tokens it has, how they attend, and whether there is cross-attention.
 */
public enum BertKind {
  /** BLIP-2's Q-Former: learned queries with cross-attention to an image, and text without. */
  Q_FORMER,
  /** An encoder: bidirectional text (Devlin et al. 2019). */
  ENCODER,
  /** A decoder: causal text. */
  DECODER,
  /** A decoder with cross-attention to an encoder's output in every layer. */
  CROSS_DECODER;

  /** Whether layers have cross-attention, to an image or an encoder's output. */
  public boolean readsContext() {
    return this == Q_FORMER || this == CROSS_DECODER;
  }

  /** Whether text without queries is causal. */
  boolean isCausal() {
    return this == DECODER || this == CROSS_DECODER;
  }

  /** The name of cross-attention in parameter paths. */
  String contextAttention() {
    return this == Q_FORMER ? "imageAttention" : "crossAttention";
  }
}
