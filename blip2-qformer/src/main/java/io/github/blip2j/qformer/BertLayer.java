package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One layer. In the Q-Former (section 3.1, figure 2) queries and text share self-attention, only
 * queries read the image, and each has a feed-forward of its own. In a plain BERT there is only
 * text, and it is a decoder's text that reads, if any.
 *
 * <pre>{@code
 * B batch, Q queries, T words, R wanted rows, S positions attended to, N image tokens, H heads
 * C width, E encoder width
 * }</pre>
 */
public final class BertLayer extends Module {
  private final BertSelfAttention selfAttention;
  private final @Nullable BertSelfAttention contextAttention;
  private final @Nullable BertMlp queryMlp;
  private final @Nullable BertMlp textMlp;

  /** Layer {@code index} of a BERT of these sizes. */
  public BertLayer(BertConfig config, int index, Params params) {
    super(params);
    this.selfAttention = BertSelfAttention.toSelf(config, params.at("attention"));
    this.contextAttention =
        config.readsImageAt(index)
            ? BertSelfAttention.toImage(config, params.at(config.kind().contextAttention()))
            : null;
    this.queryMlp =
        config.kind() == BertKind.Q_FORMER ? new BertMlp(config, params.at("queryMlp")) : null;
    this.textMlp = config.text() ? new BertMlp(config, params.at("textMlp")) : null;
  }

  /**
   * The layer, without a cache.
   *
   * @param x [B, Q + T, C]
   * @param rows which of them are queries, and how many are wanted, R
   * @param context what this layer reads; may be absent if no queries flow
   * @param mask of self-attention, broadcasts to [B, H, R, Q + T]
   * @return [B, R, C]
   */
  Tensor forward(Tensor x, Rows rows, @Nullable KeyValues context, Mask mask, Pass pass) {
    return apart(rows.part(selfAttention.forward(rows.of(x), x, mask, pass)), context, pass);
  }

  /**
   * The layer, all of whose rows are wanted and added to a cache.
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
      Pass pass) {
    return apart(rows.part(selfAttention.forward(x, cache, mask, pass)), context, pass);
  }

  /** Keys and values of {@code context} [B, N, E]; null if this layer does not read. */
  @Nullable KeyValues read(Tensor context, Mask mask) {
    return contextAttention == null ? null : contextAttention.read(context, mask);
  }

  /** What queries and text do by themselves, after they have attended to each other. */
  private Tensor apart(Streams attended, @Nullable KeyValues context, Pass pass) {
    Tensor queries = attended.queries();
    Tensor text = attended.text();
    Streams streams =
        new Streams(
            queries == null ? null : forwardQueries(queries, context, pass),
            text == null ? null : forwardText(text, context, pass));
    return streams.joined();
  }

  private Tensor forwardQueries(Tensor queries, @Nullable KeyValues image, Pass pass) {
    if (queryMlp == null) {
      throw new IllegalStateException(
          path() + ": queries expected in a Q-Former, got a plain BERT");
    }
    Tensor x = queries;
    if (contextAttention != null) { // only every crossAttentionEvery-th layer reads the image
      if (image == null) {
        throw new IllegalArgumentException(path() + ": image features expected, got none");
      }
      x = contextAttention.forward(x, image, pass);
    }
    return queryMlp.forward(x, pass);
  }

  private Tensor forwardText(Tensor text, @Nullable KeyValues context, Pass pass) {
    if (textMlp == null) {
      throw new IllegalStateException(
          path() + ": text expected a Q-Former with a text side, got one with queries only");
    }
    if (queryMlp != null || contextAttention == null || context == null) {
      return textMlp.forward(text, pass); // a Q-Former's text meets the image in the queries only
    }
    return textMlp.forward(contextAttention.forward(text, context, pass), pass);
  }
}
