package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import org.jspecify.annotations.Nullable;

/** Attention as two strided products around a softmax; heads are never copied. */
final class Nd4jAttention {
  private Nd4jAttention() {}

  static void forward(
      Nd4jKernels kernels,
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      @Nullable RawTensor mask,
      @Nullable DropoutSpec dropout,
      @Nullable RawTensor weights,
      RawTensor out) {
    if (out.size() == 0) {
      return;
    }
    try (Workspace workspace = Workspace.open()) {
      RawTensor p = weights != null ? weights : scores(q, k);
      Nd4jMatrix.product(heads(q), PlainTensor.transpose(heads(k)), p); // [B, H, T, S]
      kernels.affine(p, scale, 0, p);
      if (mask != null) {
        kernels.binary(Kernels.Binary.ADD, p, PlainTensor.dense(kernels, mask), p);
      }
      kernels.softmax(p, p);
      Nd4jMatrix.product(withDropout(kernels, p, dropout), heads(v), heads(out));
    }
  }

  static void gradient(
      Nd4jKernels kernels,
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      RawTensor weights,
      @Nullable DropoutSpec dropout,
      RawTensor g,
      RawTensor[] dqkv) {
    try (Workspace workspace = Workspace.open()) {
      RawTensor used = withDropout(kernels, weights, dropout);
      Nd4jMatrix.product(PlainTensor.transpose(used), heads(g), heads(dqkv[2]));
      RawTensor dp = Nd4jKernels.like(weights);
      Nd4jMatrix.product(heads(g), PlainTensor.transpose(heads(v)), dp);
      if (dropout != null) {
        kernels.dropout(dp, dropout, dp);
      }
      RawTensor ds = Nd4jKernels.like(weights);
      kernels.softmaxGradient(weights, dp, ds);
      kernels.affine(ds, scale, 0, ds);
      Nd4jMatrix.product(ds, heads(k), heads(dqkv[0]));
      Nd4jMatrix.product(PlainTensor.transpose(ds), heads(q), heads(dqkv[1]));
    }
  }

  private static RawTensor withDropout(
      Nd4jKernels kernels, RawTensor p, @Nullable DropoutSpec dropout) {
    if (dropout == null) {
      return p;
    }
    RawTensor dropped = Nd4jKernels.like(p);
    kernels.dropout(p, dropout, dropped);
    return dropped;
  }

  private static RawTensor heads(RawTensor x) {
    long[] strides = x.strides();
    return PlainTensor.view(
        x,
        0,
        Shape.of(x.dim(0), x.dim(2), x.dim(1), x.dim(3)),
        new long[] {strides[0], strides[2], strides[1], strides[3]});
  }

  private static RawTensor scores(RawTensor q, RawTensor k) {
    return PlainTensor.uninitialized(
        q, "temporary", q.dtype(), Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1)));
  }
}
