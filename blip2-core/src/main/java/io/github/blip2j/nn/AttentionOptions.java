package io.github.blip2j.nn;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DropoutSpec;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options for attention probabilities: dropout, and an observer that receives them. Without either,
 * attention is one kernel that does not store them.
 */
public final class AttentionOptions {
  private static final Dropout NO_DROPOUT = new Dropout(0);

  private final Dropout dropout;
  private final ForwardPass pass;

  private AttentionOptions(Dropout dropout, ForwardPass pass) {
    this.dropout = dropout;
    this.pass = pass;
  }

  /** No dropout; probabilities are shown to the pass's observer. */
  public static AttentionOptions of(ForwardPass pass) {
    return new AttentionOptions(NO_DROPOUT, pass);
  }

  /** Dropout of probabilities while training; they are shown to the pass's observer. */
  public static AttentionOptions of(ForwardPass pass, Dropout dropout) {
    return new AttentionOptions(dropout, pass);
  }

  /** Whether the probabilities are not observed, so that they need not be computed separately. */
  boolean isUnseen() {
    ForwardPass.Observer observer = pass.observer();
    boolean watched = observer.wantsAttention() || observer.wantsAttentionGradient();
    return !watched;
  }

  /** The dropout of one call, or null. */
  @Nullable DropoutSpec dropoutSpec() {
    return dropout.spec(pass);
  }

  /** Attention with separately computed probabilities; q is scaled already. */
  Tensor mix(String path, Tensor q, Tensor k, Tensor v, Mask mask) {
    Tensor scores = q.transpose(1, 2).matmul(k.transpose(1, 2).transpose()); // [B, H, T, S]
    Tensor additive = mask.tensor();
    Tensor p = (additive == null ? scores : scores.add(additive)).softmax();
    if (pass.observer().wantsAttention()) {
      pass.observer().attention(path, p);
    }
    Tensor shown = watched(path, p);
    return dropout.forward(shown, pass).matmul(v.transpose(1, 2)).transpose(1, 2); // [B, T, H, D]
  }

  private Tensor watched(String path, Tensor p) {
    if (!pass.observer().wantsAttentionGradient() || !GradMode.isRecording()) {
      return p;
    }
    Consumer<Tensor> watcher = g -> pass.observer().attentionGradient(path, g);
    return p.requiresGrad() ? p.watchGradient(watcher) : p.leaf(watcher);
  }
}
