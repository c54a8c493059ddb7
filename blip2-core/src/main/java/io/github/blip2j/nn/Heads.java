package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;

/**
 * What is done to attention probabilities on their way: dropout, and showing them to an observer.
 * Without either, attention is one kernel that never writes them down.
 */
public final class Heads {
  private static final Dropout NO_DROPOUT = new Dropout(0);

  private final Dropout dropout;
  private final Pass pass;

  private Heads(Dropout dropout, Pass pass) {
    this.dropout = dropout;
    this.pass = pass;
  }

  /** Probabilities as they are, shown to the pass's observer. */
  public static Heads of(Pass pass) {
    return new Heads(NO_DROPOUT, pass);
  }

  /** Probabilities thinned by {@code dropout} while training, shown to the pass's observer. */
  public static Heads of(Pass pass, Dropout dropout) {
    return new Heads(dropout, pass);
  }

  boolean isPlain() {
    return !dropout.isActive(pass) && !pass.observer().wantsAttention();
  }

  /** Attention with its probabilities in the open; q is scaled already. */
  Tensor mix(String path, Tensor q, Tensor k, Tensor v, Mask mask) {
    Tensor scores = q.transpose(1, 2).matmul(k.transpose(1, 2).transpose()); // [B, H, T, S]
    Tensor additive = mask.tensor();
    Tensor p = (additive == null ? scores : scores.add(additive)).softmax();
    if (pass.observer().wantsAttention()) {
      pass.observer().attention(path, p);
    }
    return dropout.forward(p, pass).matmul(v.transpose(1, 2)).transpose(1, 2); // [B, T, H, D]
  }
}
