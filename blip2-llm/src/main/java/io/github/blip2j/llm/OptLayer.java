package io.github.blip2j.llm;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.Heads;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;
import org.jspecify.annotations.Nullable;

/** One decoder layer, with its norms before attention and perceptron or after. */
final class OptLayer extends Module {
  private static final double NORM_EPS = 1e-5; // not in OPT's configuration

  private final boolean normFirst;
  private final LayerNorm attentionNorm;
  private final Attention attention;
  private final LayerNorm mlpNorm;
  private final Mlp mlp;
  private final Dropout dropout;
  private final Dropout attentionDropout;

  OptLayer(OptConfig config, Params params) {
    super(params);
    this.normFirst = config.normFirst();
    this.attentionNorm = new LayerNorm(config.dim(), NORM_EPS, params.at("attentionNorm"));
    this.attention =
        Attention.of(Attention.Sizes.self(config.dim(), config.heads()), params.at("attention"));
    this.mlpNorm = new LayerNorm(config.dim(), NORM_EPS, params.at("mlpNorm"));
    this.mlp = new Mlp(config.dim(), config.mlpDim(), config.activation(), params.at("mlp"));
    this.dropout = new Dropout(config.dropout());
    this.attentionDropout = new Dropout(config.attentionDropout());
  }

  static LayerNorm finalNorm(OptConfig config, Params params) {
    return new LayerNorm(config.dim(), NORM_EPS, params);
  }

  /** [R, T, C] to [R, T, C]. */
  Tensor forward(Tensor x, Mask mask, KeyValueCache.@Nullable Layer cache, Pass pass) {
    if (normFirst) {
      Tensor attended = attend(attentionNorm.forward(x), x, mask, cache, pass);
      return add(mlpNorm.forward(attended), attended, pass);
    }
    Tensor attended = attentionNorm.forward(attend(x, x, mask, cache, pass));
    return mlpNorm.forward(add(attended, attended, pass));
  }

  private Tensor attend(
      Tensor x, Tensor residual, Mask mask, KeyValueCache.@Nullable Layer cache, Pass pass) {
    Heads how = Heads.of(pass, attentionDropout);
    Tensor mixed =
        cache == null ? attention.mix(x, x, mask, how) : attention.mix(x, cache, mask, how);
    Thinning thinning = dropout.thinning(pass);
    return thinning == null
        ? attention.project(mixed, residual)
        : attention.project(mixed, thinning, residual);
  }

  private Tensor add(Tensor x, Tensor residual, Pass pass) {
    Thinning thinning = dropout.thinning(pass);
    return thinning == null ? mlp.forward(x, residual) : mlp.forward(x, thinning, residual);
  }
}
