package io.github.blip2j.qformer;

/** Which tokens flow through a BERT, and which of them read another sequence. */
public enum BertKind {
  /** BLIP-2's: learned queries, which read an image, and text that never does. */
  Q_FORMER,
  /** Text that sees itself both ways (Devlin et al. 2019). */
  ENCODER,
  /** Text that sees what came before it. */
  DECODER,
  /** Text that sees what came before it and, in every layer, the output of an encoder. */
  CROSS_DECODER;

  /** Whether some layers read another sequence: an image, or the output of an encoder. */
  public boolean readsContext() {
    return this == Q_FORMER || this == CROSS_DECODER;
  }

  /** Whether text on its own sees only what came before it. */
  boolean isCausal() {
    return this == DECODER || this == CROSS_DECODER;
  }

  /** What the attention to the other sequence is called in parameter paths. */
  String contextAttention() {
    return this == Q_FORMER ? "imageAttention" : "crossAttention";
  }
}
