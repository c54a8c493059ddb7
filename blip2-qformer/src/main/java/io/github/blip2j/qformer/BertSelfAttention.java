package io.github.blip2j.qformer;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.Heads;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;

/**
 * BERT's attention with what belongs to it: output map, dropout, residual and the norm after it
 * (Devlin et al. 2019). It also serves as the queries' attention to the image, whose context is
 * another sequence.
 */
public final class BertSelfAttention extends Module {
  private final Attention attention;
  private final LayerNorm norm;
  private final Dropout dropout;
  private final Dropout attentionDropout;

  private BertSelfAttention(BertConfig config, Attention.Sizes sizes, Params params) {
    super(params);
    this.attention = Attention.of(sizes, params);
    this.norm = new LayerNorm(config.dim(), config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
    this.attentionDropout = new Dropout(config.attentionDropout());
  }

  /** Attention of the sequence to itself. */
  public static BertSelfAttention toSelf(BertConfig config, Params params) {
    return new BertSelfAttention(
        config, Attention.Sizes.self(config.dim(), config.heads()), params);
  }

  /** Attention of the queries to the image. */
  public static BertSelfAttention toImage(BertConfig config, Params params) {
    return new BertSelfAttention(
        config, Attention.Sizes.cross(config.dim(), config.encoderDim(), config.heads()), params);
  }

  /**
   * Attention, residual and norm.
   *
   * @param x [B, T, C]
   * @param context [B, S, E]; for self-attention {@code x}, or the sequence whose rows it has
   * @param mask broadcasts to [B, H, T, S]
   * @return [B, T, C]
   */
  public Tensor forward(Tensor x, Tensor context, Mask mask, Pass pass) {
    return finish(x, attention.mix(x, context, mask, Heads.of(pass, attentionDropout)), pass);
  }

  /** Attention to a context that has been {@linkplain #read read}. */
  public Tensor forward(Tensor x, KeyValues context, Pass pass) {
    return finish(x, attention.mix(x, context, Heads.of(pass, attentionDropout)), pass);
  }

  /** Keys and values of a context [B, S, E]; {@code mask} broadcasts to [B, H, T, S]. */
  public KeyValues read(Tensor context, Mask mask) {
    return attention.read(context, mask);
  }

  /** Self-attention over the cache and {@code x}, which is added to it. */
  public Tensor forward(Tensor x, KeyValueCache.Layer cache, Mask mask, Pass pass) {
    return finish(x, attention.mix(x, cache, mask, Heads.of(pass, attentionDropout)), pass);
  }

  private Tensor finish(Tensor x, Tensor mixed, Pass pass) {
    Thinning thinning = dropout.thinning(pass);
    // BERT puts the norm after the residual
    return norm.forward(
        thinning == null ? attention.project(mixed, x) : attention.project(mixed, thinning, x));
  }
}
