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
      if (isMisread(k, S) || isMisread(v, S)) {
        S = k.dim(1);
        longer = false;
      }
      Place queries = heads(sound(q));
      Place keys = heads(sound(k, S), S);
      Place values = heads(sound(v, S), S);
      RawTensor added = longer ? CacheSpan.hide(q, mask, k.dim(1), S) : mask;
      Shape shape = Shape.of(q.dim(0), q.dim(2), q.dim(1), S);
      RawTensor p =
          weights == null
              ? PlainTensor.uninitialized(q, "attention", DType.FLOAT32, shape)
              : weights;
      Place after = added == null ? null : mask(added);
      // With AMX, under an emulator, oneDNN 3.11's bfloat16 product adds wrong numbers where all
      // heads share a mask, so the mask is added in a pass of its own.
      products.run(queries, transposed(keys), scale, narrow ? null : after, Place.of(p));
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
      Place queries = heads(sound(q));
      Place keys = heads(sound(k));
      products.run(transposed(Place.of(withDropout(weights, dropout))), heads(g), heads(dqkv[2]));
      RawTensor dp =
          PlainTensor.uninitialized(weights, "attention", DType.FLOAT32, weights.shape());
      products.run(heads(g), transposed(heads(sound(v))), Place.of(dp));
      if (dropout != null) {
        reference.dropout(dp, dropout, dp);
      }
      norms.softmaxGradient(weights, dp, dp);
      products.run(Place.of(dp), keys, scale, null, heads(dqkv[0]));
      products.run(transposed(Place.of(dp)), queries, scale, null, heads(dqkv[1]));
    }
  }

  private static boolean isMisread(RawTensor x, long positions) {
    return heads(x, positions).layout().isMisread();
  }

  private RawTensor sound(RawTensor x) {
    return sound(x, x.dim(1));
  }

  /** [B, positions, H, D], or a dense copy where products would read it wrong. */
  private RawTensor sound(RawTensor x, long positions) {
    if (!isMisread(x, positions)) {
      return x;
    }
    RawTensor copy = PlainTensor.like("attention", x);
    copies.copy(x, copy);
    return copy;
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
