package io.github.blip2j.qformer;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The stack of BERT's layers.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens, S positions with those of the cache, N image tokens, C width
 * queries [B, Q, C], text [B, T, C] -> the same shapes
 * }</pre>
 */
public final class BertEncoder extends Module {
  private final List<BertLayer> layers = new ArrayList<>();

  /** Builds the layers. */
  public BertEncoder(BertConfig config, Params params) {
    super(params);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new BertLayer(config, i, params.at(i)));
    }
  }

  /** Keys and values of {@code context} [B, N, E] for every layer with cross-attention. */
  public CrossAttentionKeyValues keyValues(Tensor context, Mask mask) {
    Map<Integer, KeyValues> keyValues = new TreeMap<>();
    for (int i = 0; i < layers.size(); i++) {
      KeyValues ofLayer = layers.get(i).keyValues(context, mask);
      if (ofLayer != null) {
        keyValues.put(i, ofLayer);
      }
    }
    return new CrossAttentionKeyValues(keyValues);
  }

  /**
   * The last layer's output.
   *
   * @param context cross-attention keys and values; may be absent without queries
   * @param mask of self-attention, broadcasts to [B, H, Q + T, S]
   * @param cache of self-attention, to which new keys and values are added; with a cache there is
   *     no {@linkplain ForwardPass#withGradientCheckpointing gradient checkpointing}
   */
  public QueriesAndText forward(
      QueriesAndText streams,
      @Nullable CrossAttentionKeyValues context,
      Mask mask,
      @Nullable KeyValueCache cache,
      ForwardPass pass) {
    Rows rows = Rows.all(streams);
    if (cache == null) {
      return rows.part(forward(streams, rows, context, mask, pass));
    }
    Tensor x = streams.joined();
    pass.observer().hiddenState(path(), 0, x);
    for (int i = 0; i < layers.size(); i++) {
      BertLayer layer = layers.get(i);
      KeyValues keyValues = context == null ? null : context.layer(i);
      KeyValueCache.Layer layerCache = cache.layer(i);
      Tensor input = x;
      x = Scope.run(() -> layer.forward(input, rows, keyValues, mask, layerCache, pass));
      pass.observer().hiddenState(path(), i + 1, x);
    }
    return rows.part(x);
  }

  /** The first {@code wanted} rows of the last layer's output, [B, wanted, C]. */
  Tensor forwardFirst(
      long wanted,
      QueriesAndText streams,
      @Nullable CrossAttentionKeyValues context,
      Mask mask,
      ForwardPass pass) {
    return forward(streams, Rows.all(streams).wanting(wanted), context, mask, pass);
  }

  private Tensor forward(
      QueriesAndText streams,
      Rows wanted,
      @Nullable CrossAttentionKeyValues context,
      Mask mask,
      ForwardPass pass) {
    Rows all = Rows.all(streams);
    Tensor x = streams.joined();
    pass.observer().hiddenState(path(), 0, x);
    for (int i = 0; i < layers.size(); i++) {
      boolean last = i == layers.size() - 1;
      Rows rows = last && !pass.isObserved() ? wanted : all; // an observer gets all rows
      KeyValues keyValues = context == null ? null : context.layer(i);
      x = run(layers.get(i), x, rows, keyValues, mask, pass);
      pass.observer().hiddenState(path(), i + 1, x);
    }
    return wanted.of(x);
  }

  private static Tensor run(
      BertLayer layer,
      Tensor x,
      Rows rows,
      @Nullable KeyValues keyValues,
      Mask mask,
      ForwardPass pass) {
    if (keyValues == null) {
      return pass.layer(
          List.of(x), (in, inside) -> layer.forward(in.get(0), rows, null, mask, inside));
    }
    return pass.layer(
        List.of(x, keyValues.keys(), keyValues.values()),
        (in, inside) -> {
          KeyValues context = new KeyValues(in.get(1), in.get(2), keyValues.mask());
          return layer.forward(in.get(0), rows, context, mask, inside);
        });
  }
}
