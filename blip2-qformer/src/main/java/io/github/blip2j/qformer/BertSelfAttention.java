package io.github.blip2j.qformer;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;

/**
 * BERT's attention (Devlin et al. 2019) with its output map, dropout and residual; the norm after
 * it belongs to the layer. It also serves as the queries' cross-attention to the image.
 *
 * <pre>{@code
 * B batch, T positions, S positions attended to, H heads, C width, E width of the context
 * }</pre>
 */
public final class BertSelfAttention extends Module {
  private final Attention attention;
  private final Dropout dropout;
  private final Dropout attentionDropout;

  private BertSelfAttention(BertConfig config, Attention.Config sizes, Params params) {
    super(params);
    this.attention = Attention.of(sizes, params);
    this.dropout = new Dropout(config.dropout());
    this.attentionDropout = new Dropout(config.attentionDropout());
  }

  /** Self-attention. */
  public static BertSelfAttention toSelf(BertConfig config, Params params) {
    return new BertSelfAttention(
        config, Attention.Config.self(config.dim(), config.heads()), params);
  }

  /** Cross-attention to the image. */
  public static BertSelfAttention toImage(BertConfig config, Params params) {
    return new BertSelfAttention(
        config, Attention.Config.cross(config.dim(), config.encoderDim(), config.heads()), params);
  }

  /**
   * {@code x + dropout(output(attention(x, context)))}.
   *
   * @param x [B, T, C]
   * @param context [B, S, E]; for self-attention {@code x}, or the sequence that {@code x} is a
   *     part of
   * @param mask broadcasts to [B, H, T, S]
   * @return [B, T, C]
   */
  public Tensor forward(Tensor x, Tensor context, Mask mask, ForwardPass pass) {
    Tensor mixed = attention.attend(x, context, mask, AttentionOptions.of(pass, attentionDropout));
    return attention.project(mixed, dropout.spec(pass), x);
  }

  /**
   * Cross-attention to a context of given {@linkplain #keyValues keys and values}, with residual.
   */
  public Tensor forward(Tensor x, KeyValues context, ForwardPass pass) {
    Tensor mixed = attention.attend(x, context, AttentionOptions.of(pass, attentionDropout));
    return attention.project(mixed, dropout.spec(pass), x);
  }

  /**
   * Self-attention over the cache and {@code x}, whose keys and values are added to it, with
   * residual.
   */
  public Tensor forward(Tensor x, KeyValueCache.Layer cache, Mask mask, ForwardPass pass) {
    Tensor mixed = attention.attend(x, cache, mask, AttentionOptions.of(pass, attentionDropout));
    return attention.project(mixed, dropout.spec(pass), x);
  }

  /** Keys and values of a context [B, S, E]; {@code mask} broadcasts to [B, H, T, S]. */
  public KeyValues keyValues(Tensor context, Mask mask) {
    return attention.keyValues(context, mask);
  }
}
