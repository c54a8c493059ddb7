package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.normalization_flags;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.layer_normalization_backward;
import org.bytedeco.dnnl.layer_normalization_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_backward;
import org.bytedeco.dnnl.softmax_forward;

/** Norms and softmax of the last axis, in float32. */
final class Norms {
  private static final int AFFINE =
      normalization_flags.use_scale.value | normalization_flags.use_shift.value;
  private static final int SCALED_RMS =
      normalization_flags.use_scale.value | normalization_flags.rms_norm.value;

  private final CallPool calls;

  Norms(CallPool calls) {
    this.calls = calls;
  }

  void layerNorm(Tensor x, Tensor gamma, Tensor beta, double eps, Tensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        Key.of("layerNorm", rows).with(bits(eps)),
        here -> {
          var pd = forward(rows, prop_kind.forward_inference, AFFINE, eps);
          return call(here, pd, rows).operand(dnnl.DNNL_ARG_SHIFT, vector(rows));
        },
        x.address(),
        out.address(),
        gamma.address(),
        beta.address());
  }

  void rmsNorm(Tensor x, Tensor gamma, double eps, Tensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        Key.of("rmsNorm", rows).with(bits(eps)),
        here -> call(here, forward(rows, prop_kind.forward_inference, SCALED_RMS, eps), rows),
        x.address(),
        out.address(),
        gamma.address());
  }

  private static Call call(Calls here, layer_normalization_forward.primitive_desc pd, Layout rows) {
    return new Call(here, new layer_normalization_forward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, rows.desc())
        .operand(dnnl.DNNL_ARG_DST, rows.desc())
        .operand(dnnl.DNNL_ARG_SCALE, vector(rows));
  }

  private layer_normalization_forward.primitive_desc forward(
      Layout rows, prop_kind kind, int flags, double eps) {
    // By number: the overload with the enumeration can't combine flags.
    return new layer_normalization_forward.primitive_desc(
        calls.engine(),
        kind.value,
        rows.desc(),
        rows.desc(),
        (float) eps,
        flags,
        Calls.attributes(),
        false);
  }

  void layerNormGradient(Tensor x, Tensor gamma, double eps, Tensor g, Tensor[] dxGammaBeta) {
    Layout rows = Layout.rows(x);
    try (Scope scope = Scope.open()) {
      Tensor mean = Tensor.uninitialized("layerNorm", DType.FLOAT32, Shape.of(rows.dim(0)));
      Tensor variance = Tensor.uninitialized("layerNorm", DType.FLOAT32, Shape.of(rows.dim(0)));
      Tensor unused = Tensor.uninitialized("layerNorm", DType.FLOAT32, x.shape());
      calls.run(
          Key.of("layerNorm statistics", rows).with(bits(eps)),
          here -> statistics(here, rows, eps),
          x.address(),
          unused.address(),
          mean.address(),
          variance.address());
      calls.run(
          Key.of("layerNorm gradient", rows).with(bits(eps)),
          here -> gradient(here, rows, eps),
          x.address(),
          mean.address(),
          variance.address(),
          gamma.address(),
          g.address(),
          dxGammaBeta[0].address(),
          dxGammaBeta[1].address(),
          dxGammaBeta[2].address());
    }
  }

  private Call statistics(Calls here, Layout rows, double eps) {
    var pd = forward(rows, prop_kind.forward_training, 0, eps);
    return new Call(here, new layer_normalization_forward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, rows.desc())
        .operand(dnnl.DNNL_ARG_DST, rows.desc())
        .operand(dnnl.DNNL_ARG_MEAN, pd.mean_desc())
        .operand(dnnl.DNNL_ARG_VARIANCE, pd.variance_desc());
  }

  private Call gradient(Calls here, Layout rows, double eps) {
    memory.desc matrix = rows.desc();
    var hint = forward(rows, prop_kind.forward_training, AFFINE, eps);
    var pd =
        new layer_normalization_backward.primitive_desc(
            here.engine(),
            prop_kind.backward.value,
            matrix,
            matrix,
            matrix,
            (float) eps,
            AFFINE,
            hint,
            Calls.attributes(),
            false);
    return new Call(here, new layer_normalization_backward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, matrix)
        .operand(dnnl.DNNL_ARG_MEAN, pd.mean_desc())
        .operand(dnnl.DNNL_ARG_VARIANCE, pd.variance_desc())
        .operand(dnnl.DNNL_ARG_SCALE, vector(rows))
        .operand(dnnl.DNNL_ARG_DIFF_DST, matrix)
        .operand(dnnl.DNNL_ARG_DIFF_SRC, matrix)
        .operand(dnnl.DNNL_ARG_DIFF_SCALE, vector(rows))
        .operand(dnnl.DNNL_ARG_DIFF_SHIFT, vector(rows));
  }

  void softmax(Tensor x, Tensor out) {
    softmax(algorithm.softmax_accurate, x, out);
  }

  void logSoftmax(Tensor x, Tensor out) {
    softmax(algorithm.softmax_log, x, out);
  }

  void softmaxGradient(Tensor y, Tensor g, Tensor dx) {
    softmaxGradient(algorithm.softmax_accurate, y, g, dx);
  }

  void logSoftmaxGradient(Tensor y, Tensor g, Tensor dx) {
    softmaxGradient(algorithm.softmax_log, y, g, dx);
  }

  private void softmax(algorithm kind, Tensor x, Tensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        Key.of("softmax", rows).with(kind.value),
        here -> {
          var pd = softmax(kind, rows, prop_kind.forward_inference);
          return new Call(here, new softmax_forward(pd), pd)
              .operand(dnnl.DNNL_ARG_SRC, rows.desc())
              .operand(dnnl.DNNL_ARG_DST, rows.desc());
        },
        x.address(),
        out.address());
  }

  private softmax_forward.primitive_desc softmax(algorithm kind, Layout rows, prop_kind pass) {
    return new softmax_forward.primitive_desc(
        calls.engine(), pass, kind, rows.desc(), rows.desc(), 1, Calls.attributes(), false);
  }

  private void softmaxGradient(algorithm kind, Tensor y, Tensor g, Tensor dx) {
    Layout rows = Layout.rows(y);
    calls.run(
        Key.of("softmax gradient", rows).with(kind.value),
        here -> {
          var pd =
              new softmax_backward.primitive_desc(
                  here.engine(),
                  kind,
                  rows.desc(),
                  rows.desc(),
                  rows.desc(),
                  1,
                  softmax(kind, rows, prop_kind.forward_training),
                  Calls.attributes(),
                  false);
          return new Call(here, new softmax_backward(pd), pd)
              .operand(dnnl.DNNL_ARG_DST, rows.desc())
              .operand(dnnl.DNNL_ARG_DIFF_DST, rows.desc())
              .operand(dnnl.DNNL_ARG_DIFF_SRC, rows.desc());
        },
        y.address(),
        g.address(),
        dx.address());
  }

  private static memory.desc vector(Layout rows) {
    return Layout.dense(memory.data_type.f32, rows.dim(1)).desc();
  }

  private static long bits(double number) {
    return Double.doubleToRawLongBits(number);
  }
}
