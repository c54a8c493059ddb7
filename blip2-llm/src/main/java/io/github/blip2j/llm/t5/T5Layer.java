package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.RmsNorm;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A layer of T5's encoder or decoder (Raffel et al. 2020, section 2.1): self-attention, the
 * decoder's attention to the encoder's output, and MLP, each on its normed input and with a
 * residual.
 *
 * <pre>{@code
 * R rows, T positions, S positions attended to, L width
 * }</pre>
 */
final class T5Layer extends Module {
  private final T5Attention selfAttention;
  private final @Nullable T5Attention contextAttention;
  private final RmsNorm mlpNorm;
  private final Mlp mlp;
  private final Dropout dropout;

  private T5Layer(T5Config config, boolean readsContext, Params params) {
    super(params);
    this.selfAttention = new T5Attention(config, params.at("attention"));
    this.contextAttention =
        readsContext ? new T5Attention(config, params.at("contextAttention")) : null;
    Params mlpParams = params.at("mlp");
    this.mlpNorm = new RmsNorm(config.dim(), config.normEps(), mlpParams.at("norm"));
    this.mlp =
        config.gated()
            ? Mlp.gated(config.dim(), config.mlpDim(), config.activation(), mlpParams)
            : Mlp.withoutBias(config.dim(), config.mlpDim(), config.activation(), mlpParams);
    this.dropout = new Dropout(config.dropout());
  }

  static T5Layer ofEncoder(T5Config config, Params params) {
    return new T5Layer(config, false, params);
  }

  static T5Layer ofDecoder(T5Config config, Params params) {
    return new T5Layer(config, true, params);
  }

  /** [R, T, L] to [R, T, L]; the arguments are as {@link T5Attention} describes them. */
  Tensor forward(
      Tensor x,
      @Nullable KeyValues context,
      Mask mask,
      KeyValueCache.@Nullable Layer cache,
      ForwardPass pass) {
    Tensor attended = selfAttention.toSelf(x, mask, cache, pass); // x + attention(norm(x))
    if (contextAttention != null && context != null) {
      attended = contextAttention.toContext(attended, context, pass); // + attention to the encoder
    }
    return mlp.forward(mlpNorm.forward(attended), attended, dropout, pass); // + MLP
  }

  /** Keys and values of the encoder output [B, S, L]. */
  KeyValues keyValues(Tensor context, Mask mask) {
    if (contextAttention == null) {
      throw new AssertionError(path() + ": an encoder layer has no cross-attention");
    }
    return contextAttention.keyValues(context, mask);
  }
}
