package io.github.blip2j.onednn;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.linear.MatmulKernels;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.ElementwiseKernels;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.NormKernels;
import io.github.blip2j.onednn.primitive.Place;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.jspecify.annotations.Nullable;

/**
 * Attention in three kernels: scores with scale and mask, softmax in place, weighted sum of values.
 * Heads are read and written by strides, in the layout of the projections.
 *
 * <p>While decoding, the number of positions grows with every token, and kernels are compiled for
 * fixed sizes: see {@link CacheSpan}.
 */
final class AttentionKernels {
  private final MatmulKernels products;
  private final NormKernels norms;
  private final ElementwiseKernels elements;
  private final CopyKernels copies;
  private final Kernels reference;

  AttentionKernels(
      MatmulKernels products,
      NormKernels norms,
      ElementwiseKernels elements,
      CopyKernels copies,
      Kernels reference) {
    this.products = products;
    this.norms = norms;
    this.elements = elements;
    this.copies = copies;
    this.reference = reference;
  }

  void forward(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      @Nullable RawTensor mask,
      @Nullable DropoutSpec dropout,
      @Nullable RawTensor weights,
      RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      boolean narrow = out.dtype() == DType.BFLOAT16;
      long S = weights == null && !narrow ? CacheSpan.of(q, k, v, mask) : k.dim(1);
      boolean longer = S > k.dim(1);
      Place keys = transposed(heads(k, S));
      Place values = heads(v, S);
      if (isMisread(keys) || isMisread(values)) {
        S = k.dim(1);
        longer = false;
        keys = transposed(right(k, true));
        values = right(v, false);
      }
      RawTensor added = longer ? CacheSpan.hide(q, mask, k.dim(1), S) : mask;
      Shape shape = Shape.of(q.dim(0), q.dim(2), q.dim(1), S);
      RawTensor p =
          weights == null
              ? PlainTensor.uninitialized(q, "attention", DType.FLOAT32, shape)
              : weights;
      Place after = added == null ? null : mask(added);
      // With AMX, under an emulator, oneDNN 3.11's bfloat16 product adds wrong numbers where all
      // heads share a mask, so the mask is added in a pass of its own.
      products.run(left(q), keys, scale, narrow ? null : after, Place.of(p));
      if (narrow && after != null) {
        elements.binary(algorithm.binary_add, Place.of(p), after, Place.of(p));
      }
      norms.softmax(p, p);
      products.run(Place.of(copies.cast(withDropout(p, dropout), out.dtype())), values, heads(out));
    }
  }

  void gradient(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      RawTensor weights,
      @Nullable DropoutSpec dropout,
      RawTensor g,
      RawTensor[] dqkv) {
    try (Workspace workspace = Workspace.open()) {
      products.run(
          transposed(Place.of(withDropout(weights, dropout))), right(g, false), heads(dqkv[2]));
      RawTensor dp =
          PlainTensor.uninitialized(weights, "attention", DType.FLOAT32, weights.shape());
      products.run(left(g), transposed(right(v, true)), Place.of(dp));
      if (dropout != null) {
        reference.dropout(dp, dropout, dp);
      }
      norms.softmaxGradient(weights, dp, dp);
      products.run(Place.of(dp), right(k, false), scale, null, heads(dqkv[0]));
      products.run(transposed(Place.of(dp)), right(q, false), scale, null, heads(dqkv[1]));
    }
  }

  private static boolean isMisread(Place right) {
    return right.layout().isMisread(true);
  }

  /** [B, T, H, D] as left factors [B, H, T, D], copied where products would read them wrong. */
  private Place left(RawTensor x) {
    Place heads = heads(x);
    return heads.layout().isMisread(false) ? copy(x) : heads;
  }

  /**
   * [B, T, H, D] as [B, H, T, D], copied where products would read it wrong as right factors.
   *
   * @param turned whether the factors are [B, H, D, T], which the caller makes of it
   */
  private Place right(RawTensor x, boolean turned) {
    Place heads = heads(x);
    return isMisread(turned ? transposed(heads) : heads) ? copy(x) : heads;
  }

  /** [B, T, H, D] as dense [B, H, T, D]. */
  private Place copy(RawTensor x) {
    long[] strides = x.strides();
    Shape shape = Shape.of(x.dim(0), x.dim(2), x.dim(1), x.dim(3));
    RawTensor copy = PlainTensor.uninitialized(x, "attention", x.dtype(), shape);
    long[] turned = {strides[0], strides[2], strides[1], strides[3]};
    copies.copy(PlainTensor.view(x, 0, shape, turned), copy);
    return Place.of(copy);
  }

  private RawTensor withDropout(RawTensor p, @Nullable DropoutSpec dropout) {
    if (dropout == null) {
      return p;
    }
    RawTensor dropped = PlainTensor.uninitialized(p, "attention", DType.FLOAT32, p.shape());
    reference.dropout(p, dropout, dropped);
    return dropped;
  }

  /** [B, T, H, D] as [B, H, T, D]. */
  private static Place heads(RawTensor x) {
    return heads(x, x.dim(1));
  }

  /**
   * [B, positions, H, D] as [B, H, positions, D]; {@code positions} may exceed those of the tensor.
   */
  private static Place heads(RawTensor x, long positions) {
    long[] dims = x.shape().toArray();
    dims[1] = positions;
    Layout all = Layout.of(Layout.type(x.dtype()), dims, x.strides());
    return new Place(all.permute(0, 2, 1, 3), x.address());
  }

  private static Place mask(RawTensor mask) {
    return new Place(Layout.of(mask).unrepeated(), mask.address());
  }

  private static Place transposed(Place x) {
    return new Place(x.layout().transpose(), x.address());
  }
}
