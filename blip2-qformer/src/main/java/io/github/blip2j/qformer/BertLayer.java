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
 * B batch, Q queries, T words, S positions attended to, N image tokens, H heads
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
   * The layer.
   *
   * @param context what this layer reads; may be absent if no queries flow
   * @param mask of self-attention, broadcasts to [B, H, Q + T, S]
   * @param cache of self-attention; what flows is added to it
   */
  public Streams forward(
      Streams streams,
      @Nullable KeyValues context,
      Mask mask,
      KeyValueCache.@Nullable Layer cache,
      Pass pass) {
    Streams attended = streams.part(selfAttention.toSelf(streams.joined(), cache, mask, pass));
    Tensor queries = attended.queries();
    Tensor text = attended.text();
    return new Streams(
        queries == null ? null : forwardQueries(queries, context, pass),
        text == null ? null : forwardText(text, context, pass));
  }

  /** Keys and values of {@code context} [B, N, E]; null if this layer does not read. */
  @Nullable KeyValues read(Tensor context, Mask mask) {
    return contextAttention == null ? null : contextAttention.read(context, mask);
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
