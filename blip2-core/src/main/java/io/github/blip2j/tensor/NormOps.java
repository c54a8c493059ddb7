package io.github.blip2j.tensor;

import java.util.List;
import java.util.function.Consumer;

/** Softmax and normalisation over the last axis, each value beside its derivatives. */
final class NormOps {
  private NormOps() {}

  /** y = softmax(x). dx = y (g - Σ g y). */
  static Tensor softmax(Tensor x) {
    Tensor y = like("softmax", x);
    if (y.size() > 0) {
      x.kernels().softmax(ShapeOps.dense(x), y);
    }
    return Op.of("softmax", y)
        .wrt(x, g -> gradient("softmax", x, dx -> softmaxGradient(y, g, dx)))
        .tensor();
  }

  /** y = log softmax(x). dx = g - e^y Σ g. */
  static Tensor logSoftmax(Tensor x) {
    Tensor y = like("logSoftmax", x);
    if (y.size() > 0) {
      x.kernels().logSoftmax(ShapeOps.dense(x), y);
    }
    return Op.of("logSoftmax", y)
        .wrt(x, g -> gradient("logSoftmax", x, dx -> logSoftmaxGradient(y, g, dx)))
        .tensor();
  }

  /**
   * y = γ x̂ + β with x̂ = (x - mean) / σ. dx = (γg - mean(γg) - x̂ mean(γg x̂)) / σ, dγ = Σ g x̂,
   * dβ = Σ g.
   */
  static Tensor layerNorm(Tensor x, Tensor gamma, Tensor beta, double eps) {
    gamma.shape().require("layerNorm", "gamma", x.dim(-1));
    beta.shape().require("layerNorm", "beta", x.dim(-1));
    ElementOps.requireSameType("layerNorm", x, gamma);
    ElementOps.requireSameType("layerNorm", x, beta);
    Operands.require("layerNorm", x, "gamma", gamma);
    Operands.require("layerNorm", x, "beta", beta);
    Tensor input = ShapeOps.dense(x).detach();
    Tensor scale = ShapeOps.dense(gamma).detach();
    Tensor y = like("layerNorm", x);
    if (y.size() > 0) {
      input.kernels().layerNorm(input, scale, ShapeOps.dense(beta), eps, y);
    }
    return Op.of("layerNorm", y)
        .wrt(List.of(x, gamma, beta), g -> layerNormGradients(input, scale, eps, g))
        .tensor();
  }

  /** y = γ x̂ with x̂ = x / rms. dx = (γg - x̂ mean(γg x̂)) / rms, dγ = Σ g x̂. */
  static Tensor rmsNorm(Tensor x, Tensor gamma, double eps) {
    gamma.shape().require("rmsNorm", "gamma", x.dim(-1));
    ElementOps.requireSameType("rmsNorm", x, gamma);
    Operands.require("rmsNorm", x, "gamma", gamma);
    Tensor input = ShapeOps.dense(x).detach();
    Tensor scale = ShapeOps.dense(gamma).detach();
    Tensor y = like("rmsNorm", x);
    if (y.size() > 0) {
      input.kernels().rmsNorm(input, scale, eps, y);
    }
    return Op.of("rmsNorm", y)
        .wrt(List.of(x, gamma), g -> rmsNormGradients(input, scale, eps, g))
        .tensor();
  }

  private static Tensor[] layerNormGradients(Tensor x, Tensor gamma, double eps, Tensor g) {
    Tensor[] out = {like("layerNorm", x), like("layerNorm", gamma), like("layerNorm", gamma)};
    if (x.size() == 0) {
      return zeroed(out);
    }
    x.kernels().layerNormGradient(x, gamma, eps, ShapeOps.dense(g), out);
    return out;
  }

  private static Tensor[] rmsNormGradients(Tensor x, Tensor gamma, double eps, Tensor g) {
    Tensor[] out = {like("rmsNorm", x), like("rmsNorm", gamma)};
    if (x.size() == 0) {
      return zeroed(out);
    }
    x.kernels().rmsNormGradient(x, gamma, eps, ShapeOps.dense(g), out);
    return out;
  }

  private static Tensor[] zeroed(Tensor[] tensors) {
    for (Tensor tensor : tensors) {
      tensor.kernels().fill(tensor, 0);
    }
    return tensors;
  }

  private static void softmaxGradient(Tensor y, Tensor g, Tensor dx) {
    y.kernels().softmaxGradient(y, ShapeOps.dense(g), dx);
  }

  private static void logSoftmaxGradient(Tensor y, Tensor g, Tensor dx) {
    y.kernels().logSoftmaxGradient(y, ShapeOps.dense(g), dx);
  }

  private static Tensor gradient(String op, Tensor x, Consumer<Tensor> compute) {
    Tensor dx = like(op, x);
    if (dx.size() > 0) {
      compute.accept(dx);
    }
    return dx;
  }

  private static Tensor like(String op, Tensor x) {
    ElementOps.requireFloating(op, x);
    return x.result(op, x.dtype(), x.shape());
  }
}
