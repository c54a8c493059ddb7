package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Scaled dot-product attention beside its derivatives. */
final class AttentionOps {
  private AttentionOps() {}

  /**
   * softmax(s q kᵀ + m) v. With P the softmax: dv = Pᵀ G; dS = P (G vᵀ - rowsum(P G vᵀ)); dq = s dS
   * k; dk = s dSᵀ q. The mask is a constant. With dropout, P is multiplied by the dropout mask
   * before v.
   */
  static Tensor attention(
      Tensor q,
      Tensor k,
      Tensor v,
      double scale,
      @Nullable Tensor mask,
      @Nullable DropoutSpec dropout) {
    requireHeads(q, k, v, mask);
    Tensor out = q.result("attention", q.dtype(), q.shape());
    boolean recorded =
        GradMode.isRecording() && (q.requiresGrad() || k.requiresGrad() || v.requiresGrad());
    Tensor weights =
        recorded
            ? q.result("attention", q.dtype(), Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1)))
            : null;
    if (out.size() > 0 && k.dim(1) > 0) {
      Tensor added = mask == null ? null : ShapeOps.dense(mask);
      q.kernels().attention(q, k, v, scale, added, dropout, weights, out);
    } else {
      q.kernels().fill(out, 0); // nothing to attend to
    }
    if (weights == null) {
      return out;
    }
    return Op.of("attention", out)
        .wrt(
            List.of(q, k, v),
            g -> {
              Tensor[] qkv = {q.detach(), k.detach(), v.detach()};
              return gradients(qkv, scale, weights, dropout, g);
            })
        .tensor();
  }

  private static Tensor[] gradients(
      Tensor[] qkv, double scale, Tensor weights, @Nullable DropoutSpec dropout, Tensor g) {
    Tensor q = qkv[0];
    Tensor k = qkv[1];
    Tensor v = qkv[2];
    if (weights.size() == 0 || g.size() == 0) {
      return new Tensor[] {zerosLike(q), zerosLike(k), zerosLike(v)};
    }
    Tensor[] all = {like(q), like(k), like(v)};
    Tensor dense = ShapeOps.dense(g);
    q.kernels().attentionGradient(q, k, v, scale, weights, dropout, dense, all);
    return all;
  }

  private static Tensor like(Tensor x) {
    return x.result("attention", x.dtype(), x.shape());
  }

  private static Tensor zerosLike(Tensor x) {
    return x.filled(0, x.dtype(), x.shape().toArray());
  }

  private static void requireHeads(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
    DType type = q.dtype() == DType.BFLOAT16 ? DType.FLOAT32 : q.dtype();
    ElementOps.requireFloating("attention", q, type);
    ElementOps.requireSameType("attention", q, k);
    ElementOps.requireSameType("attention", q, v);
    Operands.require("attention", q, "k", k);
    Operands.require("attention", q, "v", v);
    Operands.require("attention", q, "mask", mask);
    q.shape().require("attention", "q", Shape.ANY, Shape.ANY, Shape.ANY, Shape.ANY);
    k.shape().require("attention", "k", q.dim(0), Shape.ANY, q.dim(2), q.dim(3));
    v.shape().require("attention", "v", q.dim(0), k.dim(1), q.dim(2), q.dim(3));
    if (mask != null) {
      ElementOps.requireType("attention", type, mask);
      if (mask.requiresGrad() && GradMode.isRecording()) {
        throw new IllegalArgumentException(
            "attention: mask expected without a gradient, got one that is recorded; detach it, or"
                + " compose matmul and softmax");
      }
      Shape scores = Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1));
      if (!mask.shape().broadcast(scores, "attention").equals(scores)) {
        throw new ShapeMismatchException(
            "attention: mask expected to broadcast to " + scores + ", got " + mask.shape());
      }
    }
  }
}
