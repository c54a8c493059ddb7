package io.github.blip2j.qformer;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;

/**
 * An MLP with dropout and residual; the norm after it belongs to the layer.
 *
 * <pre>{@code
 * B batch, T positions, C width
 * x [B, T, C] -> [B, T, C]
 * }</pre>
 */
final class BertMlp extends Module {
  private final Mlp mlp;
  private final Dropout dropout;

  BertMlp(BertConfig config, Params params) {
    super(params);
    this.mlp = new Mlp(config.dim(), config.mlpDim(), config.activation(), params);
    this.dropout = new Dropout(config.dropout());
  }

  /** {@code x + dropout(mlp(x))}, [B, T, C] to [B, T, C]. */
  Tensor forward(Tensor x, ForwardPass pass) {
    return mlp.forward(x, dropout.spec(pass), x);
  }
}
