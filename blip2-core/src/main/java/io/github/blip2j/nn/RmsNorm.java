package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;

/**
 * Root-mean-square normalisation of the last axis (Zhang and Sennrich 2019): {@code x / √(mean(x²)
 * + eps) γ}. It has no mean subtraction and no bias.
 *
 * <pre>{@code
 * gamma  [dim]
 * x      [..., dim] -> [..., dim]
 * }</pre>
 */
public final class RmsNorm extends Module {
  private final Parameter gamma;
  private final double eps;

  /** A norm of vectors of length {@code dim}. */
  public RmsNorm(int dim, double eps, Params params) {
    super(params);
    this.gamma = params.get("weight", Shape.of(dim), Init.ones());
    this.eps = LayerNorm.requireEps(eps, path());
  }

  /**
   * The norm.
   *
   * @param x [..., dim]
   * @return [..., dim]
   */
  public Tensor forward(Tensor x) {
    requireLastAxis(x, gamma.value().dim(0));
    return x.rmsNorm(gamma.value(), eps);
  }
}
