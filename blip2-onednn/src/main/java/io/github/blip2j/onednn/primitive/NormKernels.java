package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
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
public final class NormKernels {
  private static final int AFFINE =
      normalization_flags.use_scale.value | normalization_flags.use_shift.value;
  private static final int SCALED_RMS =
      normalization_flags.use_scale.value | normalization_flags.rms_norm.value;

  private final PrimitivePool calls;

  public NormKernels(PrimitivePool calls) {
    this.calls = calls;
  }

  public void layerNorm(RawTensor x, RawTensor gamma, RawTensor beta, double eps, RawTensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        PrimitiveKey.of("layerNorm", rows).with(bits(eps)),
        here -> {
          var pd = forward(rows, prop_kind.forward_inference, AFFINE, eps);
          return call(here, pd, rows).operand(dnnl.DNNL_ARG_SHIFT, vector(rows));
        },
        x.address(),
        out.address(),
        gamma.address(),
        beta.address());
  }

  public void rmsNorm(RawTensor x, RawTensor gamma, double eps, RawTensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        PrimitiveKey.of("rmsNorm", rows).with(bits(eps)),
        here -> call(here, forward(rows, prop_kind.forward_inference, SCALED_RMS, eps), rows),
        x.address(),
        out.address(),
        gamma.address());
  }

  private static Primitive call(
      PrimitiveCache here, layer_normalization_forward.primitive_desc pd, Layout rows) {
    return new Primitive(here, new layer_normalization_forward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, rows.desc())
        .operand(dnnl.DNNL_ARG_DST, rows.desc())
        .operand(dnnl.DNNL_ARG_SCALE, vector(rows));
  }

  private layer_normalization_forward.primitive_desc forward(
      Layout rows, prop_kind kind, int flags, double eps) {
    // As a number: the overload with the enum can't combine flags.
    return new layer_normalization_forward.primitive_desc(
        calls.engine(),
        kind.value,
        rows.desc(),
        rows.desc(),
        (float) eps,
        flags,
        PrimitiveCache.attributes(),
        false);
  }

  public void layerNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGammaBeta) {
    Layout rows = Layout.rows(x);
    try (Workspace workspace = Workspace.open()) {
      RawTensor mean =
          PlainTensor.uninitialized(x, "layerNorm", DType.FLOAT32, Shape.of(rows.dim(0)));
      RawTensor variance =
          PlainTensor.uninitialized(x, "layerNorm", DType.FLOAT32, Shape.of(rows.dim(0)));
      RawTensor unused = PlainTensor.uninitialized(x, "layerNorm", DType.FLOAT32, x.shape());
      calls.run(
          PrimitiveKey.of("layerNorm statistics", rows).with(bits(eps)),
          here -> statistics(here, rows, eps),
          x.address(),
          unused.address(),
          mean.address(),
          variance.address());
      calls.run(
          PrimitiveKey.of("layerNorm gradient", rows).with(bits(eps)),
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

  private Primitive statistics(PrimitiveCache here, Layout rows, double eps) {
    var pd = forward(rows, prop_kind.forward_training, 0, eps);
    return new Primitive(here, new layer_normalization_forward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, rows.desc())
        .operand(dnnl.DNNL_ARG_DST, rows.desc())
        .operand(dnnl.DNNL_ARG_MEAN, pd.mean_desc())
        .operand(dnnl.DNNL_ARG_VARIANCE, pd.variance_desc());
  }

  private Primitive gradient(PrimitiveCache here, Layout rows, double eps) {
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
            PrimitiveCache.attributes(),
            false);
    return new Primitive(here, new layer_normalization_backward(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, matrix)
        .operand(dnnl.DNNL_ARG_MEAN, pd.mean_desc())
        .operand(dnnl.DNNL_ARG_VARIANCE, pd.variance_desc())
        .operand(dnnl.DNNL_ARG_SCALE, vector(rows))
        .operand(dnnl.DNNL_ARG_DIFF_DST, matrix)
        .operand(dnnl.DNNL_ARG_DIFF_SRC, matrix)
        .operand(dnnl.DNNL_ARG_DIFF_SCALE, vector(rows))
        .operand(dnnl.DNNL_ARG_DIFF_SHIFT, vector(rows));
  }

  public void softmax(RawTensor x, RawTensor out) {
    softmax(algorithm.softmax_accurate, x, out);
  }

  public void logSoftmax(RawTensor x, RawTensor out) {
    softmax(algorithm.softmax_log, x, out);
  }

  public void softmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    softmaxGradient(algorithm.softmax_accurate, y, g, dx);
  }

  public void logSoftmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    softmaxGradient(algorithm.softmax_log, y, g, dx);
  }

  private void softmax(algorithm kind, RawTensor x, RawTensor out) {
    Layout rows = Layout.rows(x);
    calls.run(
        PrimitiveKey.of("softmax", rows).with(kind.value),
        here -> {
          var pd = softmax(kind, rows, prop_kind.forward_inference);
          return new Primitive(here, new softmax_forward(pd), pd)
              .operand(dnnl.DNNL_ARG_SRC, rows.desc())
              .operand(dnnl.DNNL_ARG_DST, rows.desc());
        },
        x.address(),
        out.address());
  }

  private softmax_forward.primitive_desc softmax(algorithm kind, Layout rows, prop_kind pass) {
    return new softmax_forward.primitive_desc(
        calls.engine(),
        pass,
        kind,
        rows.desc(),
        rows.desc(),
        1,
        PrimitiveCache.attributes(),
        false);
  }

  private void softmaxGradient(algorithm kind, RawTensor y, RawTensor g, RawTensor dx) {
    Layout rows = Layout.rows(y);
    calls.run(
        PrimitiveKey.of("softmax gradient", rows).with(kind.value),
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
                  PrimitiveCache.attributes(),
                  false);
          return new Primitive(here, new softmax_backward(pd), pd)
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
