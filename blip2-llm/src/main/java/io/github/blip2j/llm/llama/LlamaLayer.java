package io.github.blip2j.llm.llama;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.RmsNorm;
import io.github.blip2j.nn.RotaryPositions;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One layer of LLaMA (Touvron et al. 2023, section 2.2): attention with rotary positions and a
 * gated MLP, each on its normed input and with a residual.
 *
 * <pre>{@code
 * R rows, T new positions, S positions with those of the cache, H heads, L width
 * mask  broadcasts to [R, H, T, S]
 * }</pre>
 */
final class LlamaLayer extends Module {
  private final RmsNorm attentionNorm;
  private final Attention attention;
  private final RmsNorm mlpNorm;
  private final Mlp mlp;
  private final Dropout attentionDropout;

  LlamaLayer(LlamaConfig config, Params params) {
    super(params);
    int L = config.dim();
    Params mlpParams = params.at("mlp");
    this.attentionNorm = new RmsNorm(L, config.normEps(), params.at("attentionNorm"));
    this.attention = Attention.of(config.attention(), params.at("attention"));
    this.mlpNorm = new RmsNorm(L, config.normEps(), params.at("mlpNorm"));
    this.mlp =
        config.mlpBias()
            ? Mlp.gatedWithBias(L, config.mlpDim(), config.activation(), mlpParams)
            : Mlp.gated(L, config.mlpDim(), config.activation(), mlpParams);
    this.attentionDropout = new Dropout(config.attentionDropout());
  }

  /** [R, T, L] to [R, T, L]. */
  Tensor forward(
      Tensor x,
      RotaryPositions rotary,
      Mask mask,
      KeyValueCache.@Nullable Layer cache,
      ForwardPass pass) {
    AttentionOptions how = AttentionOptions.of(pass, attentionDropout);
    Tensor mixed = attention.attend(attentionNorm.forward(x), rotary, cache, mask, how);
    Tensor attended = attention.project(mixed, x); // x + attention(norm(x))
    return mlp.forward(mlpNorm.forward(attended), attended); // + mlp(norm(...))
  }
}
