package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The MLP (feed-forward network) of a transformer block (Vaswani et al. 2017, section 3.3), plain
 * or gated, with a hidden layer that is a product of two (Shazeer 2020, "GLU variants improve
 * transformer").
 *
 * <pre>{@code
 * plain  down(f(up(x)))
 * gated  down(f(gate(x)) up(x))
 * }</pre>
 */
public final class Mlp extends Module {
  private final Linear up;
  private final @Nullable Linear gate;
  private final Linear down;
  private final Activation activation;

  private Mlp(Linear up, @Nullable Linear gate, Linear down, Activation f, Params params) {
    super(params);
    this.up = up;
    this.gate = gate;
    this.down = down;
    this.activation = f;
  }

  /** A plain MLP from {@code dim} to {@code hidden} and back. */
  public Mlp(int dim, int hidden, Activation activation, Params params) {
    this(
        new Linear(dim, hidden, params.at("up")),
        null,
        new Linear(hidden, dim, params.at("down")),
        activation,
        params);
  }

  /** A plain MLP without biases. */
  public static Mlp withoutBias(int dim, int hidden, Activation activation, Params params) {
    Linear up = Linear.withoutBias(dim, hidden, params.at("up"));
    Linear down = Linear.withoutBias(hidden, dim, params.at("down"));
    return new Mlp(up, null, down, activation, params);
  }

  /** A gated MLP, without biases. */
  public static Mlp gated(int dim, int hidden, Activation activation, Params params) {
    Linear gate = Linear.withoutBias(dim, hidden, params.at("gate"));
    Linear up = Linear.withoutBias(dim, hidden, params.at("up"));
    Linear down = Linear.withoutBias(hidden, dim, params.at("down"));
    return new Mlp(up, gate, down, activation, params);
  }

  /** A gated MLP whose three maps have biases. */
  public static Mlp gatedWithBias(int dim, int hidden, Activation activation, Params params) {
    Linear gate = new Linear(dim, hidden, params.at("gate"));
    Linear up = new Linear(dim, hidden, params.at("up"));
    Linear down = new Linear(hidden, dim, params.at("down"));
    return new Mlp(up, gate, down, activation, params);
  }

  /**
   * The two maps with the activation between, and a residual added if there is one.
   *
   * @param x [..., dim]
   * @param residual [..., dim]
   * @return [..., dim]
   */
  public Tensor forward(Tensor x, @Nullable Tensor residual) {
    return down.forward(hidden(x, down.input()), Activation.IDENTITY, residual);
  }

  /**
   * {@code residual + dropout(mlp(x))}.
   *
   * @param x [..., dim]
   * @param dropout null for no dropout
   * @param residual [..., dim]
   * @return [..., dim]
   */
  public Tensor forward(Tensor x, @Nullable DropoutSpec dropout, Tensor residual) {
    return down.forward(hidden(x, down.input()), dropout, residual);
  }

  /** Applies the MLP with dropout of the hidden layer and of the output, and adds the residual. */
  public Tensor forward(Tensor x, Tensor residual, Dropout dropout, ForwardPass pass) {
    Tensor hidden = dropout.forward(hidden(x, DType.FLOAT32), pass);
    return down.forward(hidden, dropout.spec(pass), residual);
  }

  /** The hidden layer; that of a plain MLP has type {@code type} if nothing is recorded. */
  private Tensor hidden(Tensor x, DType type) {
    if (gate == null) {
      return Linear.each(x, List.of(up.use(activation, type))).get(0);
    }
    List<Linear.Use> halves =
        List.of(gate.use(activation, DType.FLOAT32), up.use(Activation.IDENTITY, DType.FLOAT32));
    List<Tensor> hidden = Linear.each(x, halves);
    return hidden.get(0).mul(hidden.get(1));
  }
}
