package io.github.blip2j.llm.opt;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One decoder layer of OPT (Zhang et al. 2022): attention and MLP, each with a residual, with norms
 * before them, or after the residual as in OPT-350m.
 *
 * <pre>{@code
 * R rows, T new positions, S positions with those of the cache, H heads, C width
 * mask  broadcasts to [R, H, T, S]
 * }</pre>
 */
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
        Attention.of(Attention.Config.self(config.dim(), config.heads()), params.at("attention"));
    this.mlpNorm = new LayerNorm(config.dim(), NORM_EPS, params.at("mlpNorm"));
    this.mlp = new Mlp(config.dim(), config.mlpDim(), config.activation(), params.at("mlp"));
    this.dropout = new Dropout(config.dropout());
    this.attentionDropout = new Dropout(config.attentionDropout());
  }

  static LayerNorm finalNorm(OptConfig config, Params params) {
    return new LayerNorm(config.dim(), NORM_EPS, params);
  }

  /** [R, T, C] to [R, T, C]. */
  Tensor forward(Tensor x, Mask mask, KeyValueCache.@Nullable Layer cache, ForwardPass pass) {
    AttentionOptions how = AttentionOptions.of(pass, attentionDropout);
    if (normFirst) {
      Tensor mixed = attention.attend(attentionNorm.forward(x), cache, mask, how);
      Tensor attended = attention.project(mixed, dropout.spec(pass), x); // x + attention
      return mlp.forward(mlpNorm.forward(attended), dropout.spec(pass), attended); // + MLP
    }
    Tensor mixed = attention.attend(x, cache, mask, how);
    Tensor attended = attentionNorm.forward(attention.project(mixed, dropout.spec(pass), x));
    return mlpNorm.forward(mlp.forward(attended, dropout.spec(pass), attended));
  }
}
