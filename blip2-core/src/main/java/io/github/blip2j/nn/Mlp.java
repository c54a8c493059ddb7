package io.github.blip2j.nn;

import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;
import org.jspecify.annotations.Nullable;

/** The two-layer perceptron of a transformer block (Vaswani et al. 2017, section 3.3). */
public final class Mlp extends Module {
  private final Linear up;
  private final Linear down;
  private final Activation activation;

  /** From {@code dim} to {@code hidden} and back. */
  public Mlp(int dim, int hidden, Activation activation, Params params) {
    super(params);
    this.up = new Linear(dim, hidden, params.at("up"));
    this.down = new Linear(hidden, dim, params.at("down"));
    this.activation = activation;
  }

  /**
   * The perceptron, with a residual added if there is one.
   *
   * @param x [..., dim]
   * @param residual [..., dim]
   * @return [..., dim]
   */
  public Tensor forward(Tensor x, @Nullable Tensor residual) {
    return down.forward(up.forward(x, activation), Activation.IDENTITY, residual);
  }

  /** The perceptron, thinned, with a residual added: in training. */
  public Tensor forward(Tensor x, Thinning thinning, Tensor residual) {
    return down.forward(up.forward(x, activation), thinning, residual);
  }
}
