package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.Activation;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;

/** Element-wise functions of one float32 tensor, or of two. */
public final class ElementwiseKernels {
  private final PrimitivePool calls;

  public ElementwiseKernels(PrimitivePool calls) {
    this.calls = calls;
  }

  public void activation(Activation activation, RawTensor x, RawTensor out) {
    function(Algorithms.algorithm(activation), Algorithms.alpha(activation), 0, x, out);
  }

  /** out = f(x) for an algorithm with its two parameters. */
  public void function(algorithm f, float alpha, float beta, RawTensor x, RawTensor out) {
    Layout all = Layout.dense(Layout.type(x.dtype()), x.size());
    calls.run(
        PrimitiveKey.of("function", all).with(f.value, bits(alpha), bits(beta)),
        here -> {
          var pd = forward(f, alpha, beta, all, prop_kind.forward_inference);
          return new Primitive(here, new eltwise_forward(pd), pd)
              .operand(dnnl.DNNL_ARG_SRC, all.desc())
              .operand(dnnl.DNNL_ARG_DST, all.desc());
        },
        x.address(),
        out.address());
  }

  public void activationGradient(Activation activation, RawTensor x, RawTensor g, RawTensor dx) {
    algorithm f = Algorithms.algorithm(activation);
    float alpha = Algorithms.alpha(activation);
    Layout all = Layout.dense(Layout.type(x.dtype()), x.size());
    calls.run(
        PrimitiveKey.of("function gradient", all).with(f.value, bits(alpha)),
        here -> {
          var pd =
              new eltwise_backward.primitive_desc(
                  here.engine(),
                  f,
                  all.desc(),
                  all.desc(),
                  all.desc(),
                  alpha,
                  0,
                  forward(f, alpha, 0, all, prop_kind.forward_training),
                  PrimitiveCache.attributes(),
                  false);
          return new Primitive(here, new eltwise_backward(pd), pd)
              .operand(dnnl.DNNL_ARG_SRC, all.desc())
              .operand(dnnl.DNNL_ARG_DIFF_DST, all.desc())
              .operand(dnnl.DNNL_ARG_DIFF_SRC, all.desc());
        },
        x.address(),
        g.address(),
        dx.address());
  }

  private eltwise_forward.primitive_desc forward(
      algorithm f, float alpha, float beta, Layout all, prop_kind pass) {
    return new eltwise_forward.primitive_desc(
        calls.engine(),
        pass,
        f,
        all.desc(),
        all.desc(),
        alpha,
        beta,
        PrimitiveCache.attributes(),
        false);
  }

  /** out = a op b; a has the shape of out, b may have axes of length 1 or lack the first ones. */
  public void binary(algorithm op, RawTensor a, RawTensor b, RawTensor out) {
    binary(op, Place.of(a), Place.of(b), Place.of(out));
  }

  /** out = a op b on places; a has the shape of out. */
  public void binary(algorithm op, Place a, Place b, Place out) {
    Layout left = a.layout();
    Layout right = b.layout().padded(left.rank());
    Layout result = out.layout();
    calls.run(
        PrimitiveKey.of("binary", left, right, result).with(op.value),
        here -> {
          var pd =
              new binary.primitive_desc(
                  here.engine(),
                  op,
                  left.desc(),
                  right.desc(),
                  result.desc(),
                  PrimitiveCache.attributes(),
                  false);
          return new Primitive(here, new binary(pd), pd)
              .operand(dnnl.DNNL_ARG_SRC_0, left.desc())
              .operand(dnnl.DNNL_ARG_SRC_1, right.desc())
              .operand(dnnl.DNNL_ARG_DST, result.desc());
        },
        a.address(),
        b.address(),
        out.address());
  }

  private static long bits(float number) {
    return Float.floatToRawIntBits(number);
  }
}
