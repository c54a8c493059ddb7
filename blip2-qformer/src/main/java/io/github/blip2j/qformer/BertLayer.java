package io.github.blip2j.qformer;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One layer of BERT: attention and MLP, each with a residual and a norm after it. In the Q-Former
 * (section 3.1, figure 2) queries and text share self-attention, only queries attend to the image,
 * and each has an MLP of its own. In a plain BERT there is only text, and a decoder's text attends
 * to a context.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens, R wanted rows, S positions attended to, N image tokens, H heads
 * C width, E encoder width
 * }</pre>
 */
public final class BertLayer extends Module {
  private final BertSelfAttention selfAttention;
  private final LayerNorm selfAttentionNorm;
  private final @Nullable BertSelfAttention contextAttention;
  private final @Nullable LayerNorm contextAttentionNorm;
  private final @Nullable BertMlp queryMlp;
  private final @Nullable LayerNorm queryMlpNorm;
  private final @Nullable BertMlp textMlp;
  private final @Nullable LayerNorm textMlpNorm;

  /** Layer {@code index} of a BERT of these sizes. */
  public BertLayer(BertConfig config, int index, Params params) {
    super(params);
    Params self = params.at("attention");
    this.selfAttention = BertSelfAttention.toSelf(config, self);
    this.selfAttentionNorm = norm(config, self);
    boolean reads = config.readsImageAt(index);
    Params context = params.at(config.kind().contextAttention());
    this.contextAttention = reads ? BertSelfAttention.toImage(config, context) : null;
    this.contextAttentionNorm = reads ? norm(config, context) : null;
    boolean queries = config.kind() == BertKind.Q_FORMER;
    this.queryMlp = queries ? new BertMlp(config, params.at("queryMlp")) : null;
    this.queryMlpNorm = queries ? norm(config, params.at("queryMlp")) : null;
    this.textMlp = config.text() ? new BertMlp(config, params.at("textMlp")) : null;
    this.textMlpNorm = config.text() ? norm(config, params.at("textMlp")) : null;
  }

  private static LayerNorm norm(BertConfig config, Params params) {
    return new LayerNorm(config.dim(), config.normEps(), params.at("norm"));
  }

  /**
   * The layer without a cache: self-attention of queries and text together, then cross-attention of
   * the queries and an MLP for each.
   *
   * @param x [B, Q + T, C]
   * @param rows the number of queries, and of wanted rows, R
   * @param context cross-attention keys and values; may be absent without queries
   * @param mask of self-attention, broadcasts to [B, H, R, Q + T]
   * @return [B, R, C]
   */
  Tensor forward(Tensor x, Rows rows, @Nullable KeyValues context, Mask mask, ForwardPass pass) {
    Tensor attended = selfAttention.forward(rows.of(x), x, mask, pass); // x + attention
    return forwardEach(rows.part(selfAttentionNorm.forward(attended)), context, pass);
  }

  /**
   * The layer with a cache, to which all rows are added; all rows are wanted.
   *
   * @param mask of self-attention, broadcasts to [B, H, Q + T, S]
   * @return [B, Q + T, C]
   */
  Tensor forward(
      Tensor x,
      Rows rows,
      @Nullable KeyValues context,
      Mask mask,
      KeyValueCache.Layer cache,
      ForwardPass pass) {
    Tensor attended = selfAttention.forward(x, cache, mask, pass); // x + attention
    return forwardEach(rows.part(selfAttentionNorm.forward(attended)), context, pass);
  }

  /** Keys and values of {@code context} [B, N, E]; null without cross-attention. */
  @Nullable KeyValues keyValues(Tensor context, Mask mask) {
    return contextAttention == null ? null : contextAttention.keyValues(context, mask);
  }

  /** The part after self-attention, separately for queries and text. */
  private Tensor forwardEach(
      QueriesAndText attended, @Nullable KeyValues context, ForwardPass pass) {
    Tensor queries = attended.queries();
    Tensor text = attended.text();
    QueriesAndText streams =
        new QueriesAndText(
            queries == null ? null : forwardQueries(queries, context, pass),
            text == null ? null : forwardText(text, context, pass));
    return streams.joined();
  }

  private Tensor forwardQueries(Tensor queries, @Nullable KeyValues image, ForwardPass pass) {
    if (queryMlp == null || queryMlpNorm == null) {
      throw new IllegalStateException(
          path() + ": queries expected in a Q-Former, got a plain BERT");
    }
    Tensor x = queries; // [B, Q, C]
    if (contextAttention != null && contextAttentionNorm != null) { // every n-th layer has it
      if (image == null) {
        throw new IllegalArgumentException(path() + ": image features expected, got none");
      }
      x = contextAttentionNorm.forward(contextAttention.forward(x, image, pass));
    }
    return queryMlpNorm.forward(queryMlp.forward(x, pass));
  }

  private Tensor forwardText(Tensor text, @Nullable KeyValues context, ForwardPass pass) {
    if (textMlp == null || textMlpNorm == null) {
      throw new IllegalStateException(
          path() + ": text expected a Q-Former with a text side, got one with queries only");
    }
    Tensor x = text; // [B, T, C]
    boolean decoder = queryMlp == null; // a Q-Former's text has no cross-attention
    if (decoder && contextAttention != null && contextAttentionNorm != null && context != null) {
      x = contextAttentionNorm.forward(contextAttention.forward(x, context, pass));
    }
    return textMlpNorm.forward(textMlp.forward(x, pass));
  }
}
