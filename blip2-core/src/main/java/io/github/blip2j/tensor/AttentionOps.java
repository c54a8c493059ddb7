package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import org.jspecify.annotations.Nullable;

/** Scaled dot-product attention beside its derivatives. */
final class AttentionOps {
  private AttentionOps() {}

  /**
   * softmax(s q kᵀ + m) v. With P the softmax: dv = Pᵀ G; dS = P (G vᵀ - rowsum(P G vᵀ)); dq = s dS
   * k; dk = s dSᵀ q. The mask is a constant.
   */
  static Tensor attention(Tensor q, Tensor k, Tensor v, double scale, @Nullable Tensor mask) {
    requireHeads(q, k, v, mask);
    Tensor out = Tensor.uninitialized("attention", q.dtype(), q.shape());
    boolean recorded =
        GradMode.isRecording() && (q.requiresGrad() || k.requiresGrad() || v.requiresGrad());
    Tensor weights =
        recorded
            ? Tensor.uninitialized(
                "attention", q.dtype(), Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1)))
            : null;
    KernelChoice.KERNELS.attention(q, k, v, scale, mask, weights, out);
    if (weights == null) {
      return out;
    }
    Gradients gradients = new Gradients(q.detach(), k.detach(), v.detach(), scale, weights);
    return Op.of("attention", out)
        .wrt(q, g -> gradients.of(g, 0))
        .wrt(k, g -> gradients.of(g, 1))
        .wrt(v, g -> gradients.of(g, 2))
        .tensor();
  }

  /** The three gradients come from one kernel; the first that is asked for computes them all. */
  private static final class Gradients {
    private final Tensor q;
    private final Tensor k;
    private final Tensor v;
    private final double scale;
    private final Tensor weights;

    Gradients(Tensor q, Tensor k, Tensor v, double scale, Tensor weights) {
      this.q = q;
      this.k = k;
      this.v = v;
      this.scale = scale;
      this.weights = weights;
    }

    Tensor of(Tensor g, int which) {
      Tensor[] all = {like(q), like(k), like(v)};
      KernelChoice.KERNELS.attentionGradient(q, k, v, scale, weights, ShapeOps.dense(g), all);
      return all[which];
    }

    private static Tensor like(Tensor x) {
      return Tensor.uninitialized("attention", x.dtype(), x.shape());
    }
  }

  private static void requireHeads(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
    ElementOps.requireFloating("attention", q);
    ElementOps.requireSameType("attention", q, k);
    ElementOps.requireSameType("attention", q, v);
    q.shape().require("attention", "q", Shape.ANY, Shape.ANY, Shape.ANY, Shape.ANY);
    k.shape().require("attention", "k", q.dim(0), Shape.ANY, q.dim(2), q.dim(3));
    v.shape().require("attention", "v", q.dim(0), k.dim(1), q.dim(2), q.dim(3));
    if (mask != null) {
      ElementOps.requireSameType("attention", q, mask);
      Shape scores = Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1));
      if (!mask.shape().broadcast(scores, "attention").equals(scores)) {
        throw new ShapeMismatchException(
            "attention: mask expected to broadcast to " + scores + ", got " + mask.shape());
      }
    }
  }
}
