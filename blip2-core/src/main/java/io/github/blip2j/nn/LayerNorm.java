package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;

/**
 * Layer normalisation of the last axis (Ba et al. 2016): {@code (x - mean) / √(variance + eps) γ +
 * β}, with the biased variance.
 *
 * <pre>{@code
 * gamma, beta  [dim]
 * x            [..., dim] -> [..., dim]
 * }</pre>
 */
public final class LayerNorm extends Module {
  private final Parameter gamma;
  private final Parameter beta;
  private final double eps;

  /** A norm of vectors of length {@code dim}. */
  public LayerNorm(int dim, double eps, Params params) {
    super(params);
    this.gamma = params.get("weight", Shape.of(dim), Init.ones());
    this.beta = params.get("bias", Shape.of(dim), Init.zeros());
    this.eps = requireEps(eps, path());
  }

  private LayerNorm(LayerNorm from, double eps) {
    super(from);
    this.gamma = from.gamma;
    this.beta = from.beta;
    this.eps = requireEps(eps, path());
  }

  /** Checks that the root of a variance plus {@code eps} is a number. */
  static double requireEps(double eps, String where) {
    if (!(eps >= 0 && Double.isFinite(eps))) {
      throw new IllegalArgumentException(
          where + ": eps expected at least 0 and finite, got " + eps);
    }
    return eps;
  }

  /** A norm with the same parameters and another epsilon. */
  public LayerNorm withEps(double newEps) {
    return new LayerNorm(this, newEps);
  }

  /**
   * The norm.
   *
   * @param x [..., dim]
   * @return [..., dim]
   */
  public Tensor forward(Tensor x) {
    requireLastAxis(x, gamma.value().dim(0));
    return x.layerNorm(gamma.value(), beta.value(), eps);
  }
}
