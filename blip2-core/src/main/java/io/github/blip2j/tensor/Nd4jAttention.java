package io.github.blip2j.tensor;

import org.jspecify.annotations.Nullable;

/** Attention as two strided products around a softmax; heads are never copied. */
final class Nd4jAttention {
  private Nd4jAttention() {}

  static void forward(
      Nd4jKernels kernels,
      Tensor q,
      Tensor k,
      Tensor v,
      double scale,
      @Nullable Tensor mask,
      @Nullable Thinning thinning,
      @Nullable Tensor weights,
      Tensor out) {
    if (out.size() == 0) {
      return;
    }
    try (Scope scope = Scope.open()) {
      Tensor p = weights != null ? weights : scores(q, k);
      Nd4jMatrix.product(heads(q), heads(k).transpose(), p); // [B, H, T, S]
      kernels.affine(p, scale, 0, p);
      if (mask != null) {
        kernels.binary(Kernels.Binary.ADD, p, ShapeOps.dense(mask), p);
      }
      kernels.softmax(p, p);
      Nd4jMatrix.product(thinned(kernels, p, thinning), heads(v), heads(out));
    }
  }

  static void gradient(
      Nd4jKernels kernels,
      Tensor q,
      Tensor k,
      Tensor v,
      double scale,
      Tensor weights,
      @Nullable Thinning thinning,
      Tensor g,
      Tensor[] dqkv) {
    try (Scope scope = Scope.open()) {
      Tensor used = thinned(kernels, weights, thinning);
      Nd4jMatrix.product(used.transpose(), heads(g), heads(dqkv[2]));
      Tensor dp = Nd4jKernels.like(weights);
      Nd4jMatrix.product(heads(g), heads(v).transpose(), dp);
      if (thinning != null) {
        kernels.dropout(dp, thinning, dp);
      }
      Tensor ds = Nd4jKernels.like(weights);
      kernels.softmaxGradient(weights, dp, ds);
      kernels.affine(ds, scale, 0, ds);
      Nd4jMatrix.product(ds, heads(k), heads(dqkv[0]));
      Nd4jMatrix.product(ds.transpose(), heads(q), heads(dqkv[1]));
    }
  }

  private static Tensor thinned(Nd4jKernels kernels, Tensor p, @Nullable Thinning thinning) {
    if (thinning == null) {
      return p;
    }
    Tensor thin = Nd4jKernels.like(p);
    kernels.dropout(p, thinning, thin);
    return thin;
  }

  private static Tensor heads(Tensor x) {
    long[] strides = x.strides();
    return x.view(
        0,
        Shape.of(x.dim(0), x.dim(2), x.dim(1), x.dim(3)),
        new long[] {strides[0], strides[2], strides[1], strides[3]});
  }

  private static Tensor scores(Tensor q, Tensor k) {
    return Tensor.uninitialized(
        "temporary", q.dtype(), Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1)));
  }
}
