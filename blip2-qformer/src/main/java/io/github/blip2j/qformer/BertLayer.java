package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One layer of the Q-Former (section 3.1, figure 2): queries and text share self-attention, only
 * queries read the image, and each has a feed-forward of its own.
 *
 * <pre>{@code
 * B batch, Q queries, T words, N image tokens, C width, E encoder width
 * }</pre>
 */
public final class BertLayer extends Module {
  private final BertSelfAttention selfAttention;
  private final @Nullable BertSelfAttention imageAttention;
  private final BertMlp queryMlp;
  private final @Nullable BertMlp textMlp;

  /** Layer {@code index} of a BERT of these sizes. */
  public BertLayer(BertConfig config, int index, Params params) {
    super(params);
    this.selfAttention = BertSelfAttention.toSelf(config, params.at("attention"));
    this.imageAttention =
        config.readsImageAt(index)
            ? BertSelfAttention.toImage(config, params.at("imageAttention"))
            : null;
    this.queryMlp = new BertMlp(config, params.at("queryMlp"));
    this.textMlp = config.text() ? new BertMlp(config, params.at("textMlp")) : null;
  }

  /**
   * The layer.
   *
   * @param image [B, N, E]; may be absent if no queries flow
   * @param mask of self-attention, broadcasts to [B, H, Q + T, S]
   * @param cache of self-attention; what flows is added to it
   */
  public Streams forward(
      Streams streams,
      @Nullable Tensor image,
      Mask mask,
      KeyValueCache.@Nullable Layer cache,
      Pass pass) {
    Streams attended = streams.part(selfAttention.toSelf(streams.joined(), cache, mask, pass));
    Tensor queries = attended.queries();
    Tensor text = attended.text();
    return new Streams(
        queries == null ? null : forwardQueries(queries, image, pass),
        text == null ? null : forwardText(text, pass));
  }

  private Tensor forwardQueries(Tensor queries, @Nullable Tensor image, Pass pass) {
    Tensor x = queries;
    if (imageAttention != null) { // only every crossAttentionEvery-th layer reads the image
      if (image == null) {
        throw new IllegalArgumentException(path() + ": image features expected, got none");
      }
      x = imageAttention.forward(x, image, Mask.none(), pass);
    }
    return queryMlp.forward(x, pass);
  }

  private Tensor forwardText(Tensor text, Pass pass) {
    if (textMlp == null) {
      throw new IllegalStateException(
          path() + ": text expected a Q-Former with a text side, got one with queries only");
    }
    return textMlp.forward(text, pass);
  }
}
