package io.github.blip2j.qformer;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;

/** A feed-forward with its dropout, residual and the norm after it. */
final class BertMlp extends Module {
  private final Mlp mlp;
  private final LayerNorm norm;
  private final Dropout dropout;

  BertMlp(BertConfig config, Params params) {
    super(params);
    this.mlp = new Mlp(config.dim(), config.mlpDim(), config.activation(), params);
    this.norm = new LayerNorm(config.dim(), config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
  }

  /** [B, T, C] to [B, T, C]. */
  Tensor forward(Tensor x, Pass pass) {
    Thinning thinning = dropout.thinning(pass);
    return norm.forward(thinning == null ? mlp.forward(x, x) : mlp.forward(x, thinning, x));
  }
}
