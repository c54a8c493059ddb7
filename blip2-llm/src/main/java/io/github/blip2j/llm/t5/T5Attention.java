package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.RmsNorm;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention with the norm before it, dropout and residual: self-attention, or the decoder's
 * cross-attention to the encoder's output.
 *
 * <pre>{@code
 * R rows, T new positions, S positions attended to, B contexts, L width
 * }</pre>
 */
final class T5Attention extends Module {
  private final RmsNorm norm;
  private final Attention attention;
  private final Dropout dropout;

  T5Attention(T5Config config, Params params) {
    super(params);
    this.norm = new RmsNorm(config.dim(), config.normEps(), params.at("norm"));
    Attention.Config sizes =
        Attention.Config.ofHeads(config.dim(), config.heads(), config.headDim());
    this.attention = Attention.of(sizes.withoutBias().unscaled(), params);
    this.dropout = new Dropout(config.dropout());
  }

  /** Self-attention over the cache and {@code x}, [R, T, L] to [R, T, L]. */
  Tensor toSelf(Tensor x, Mask mask, KeyValueCache.@Nullable Layer cache, ForwardPass pass) {
    Tensor normed = norm.forward(x);
    AttentionOptions how = AttentionOptions.of(pass, dropout);
    Tensor mixed = attention.attend(normed, cache, mask, how);
    return attention.project(mixed, dropout.spec(pass), x);
  }

  /**
   * Cross-attention to the context of each row, or of several consecutive rows.
   *
   * @param x [R, T, L]
   * @param context of B rows, B a divisor of R
   * @return [R, T, L]
   */
  Tensor toContext(Tensor x, KeyValues context, ForwardPass pass) {
    long R = x.dim(0);
    long T = x.dim(1);
    long B = context.keys().dim(0);
    // Beams with one context become positions, so that the context is neither copied nor read //
    // more than once: [R, T, L] as [B, R / B T, L].
    Tensor normed = norm.forward(x).reshape(B, R / B * T, x.dim(2));
    Tensor mixed = attention.attend(normed, context, AttentionOptions.of(pass, dropout));
    return attention.project(mixed.reshape(R, T, mixed.dim(2)), dropout.spec(pass), x);
  }

  /** Keys and values of a context [B, S, L]. */
  KeyValues keyValues(Tensor context, Mask mask) {
    return attention.keyValues(context, mask);
  }
}
