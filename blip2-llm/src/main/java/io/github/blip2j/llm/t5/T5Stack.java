package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.RmsNorm;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The encoder's layers or the decoder's, with the position bias that they share.
 *
 * <pre>{@code
 * R rows, T new positions, S all positions with those of the cache, L width
 * }</pre>
 */
final class T5Stack extends Module {
  private final boolean causal;
  private final RelativePositions positions;
  private final List<T5Layer> layers = new ArrayList<>();
  private final RmsNorm norm;
  private final Dropout dropout;

  private T5Stack(T5Config config, boolean causal, Params params) {
    super(params);
    this.causal = causal;
    Params table = params.at("positions");
    this.positions =
        causal
            ? RelativePositions.causal(config, table)
            : RelativePositions.bidirectional(config, table);
    int count = causal ? config.decoderLayers() : config.encoderLayers();
    for (int i = 0; i < count; i++) {
      Params layer = params.at("layers").at(i);
      layers.add(causal ? T5Layer.ofDecoder(config, layer) : T5Layer.ofEncoder(config, layer));
    }
    this.norm = new RmsNorm(config.dim(), config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
  }

  static T5Stack encoder(T5Config config, Params params) {
    return new T5Stack(config, false, params);
  }

  static T5Stack decoder(T5Config config, Params params) {
    return new T5Stack(config, true, params);
  }

  /**
   * The normed states after the last layer.
   *
   * @param x embeddings of the new positions, [R, T, L]
   * @param mask 1 for tokens, 0 for padding, over all positions, [R][S]
   * @param context the decoder's cross-attention keys and values
   * @param cache earlier positions; the new ones are added to it. Without one, S = T
   * @return [R, T, L]
   */
  Tensor forward(
      Tensor x,
      int[][] mask,
      @Nullable T5EncoderKeyValues context,
      @Nullable KeyValueCache cache,
      ForwardPass pass) {
    int T = Math.toIntExact(x.dim(1));
    int S = T + (cache == null ? 0 : cache.length());
    Mask visible =
        positions.bias(T, S).and(causal ? Mask.causal(T, S) : Mask.none()).and(Mask.padding(mask));
    Tensor h = dropout.forward(x, pass);
    pass.observer().hiddenState(path(), 0, h);
    for (int i = 0; i < layers.size(); i++) {
      KeyValues keyValues = context == null ? null : context.layers().get(i);
      KeyValueCache.Layer layerCache = cache == null ? null : cache.layer(i);
      h = run(layers.get(i), h, keyValues, visible, layerCache, pass);
      pass.observer().hiddenState(path(), i + 1, h);
    }
    return dropout.forward(norm.forward(h), pass);
  }

  /** Keys and values of the encoder output [B, S, L], for every layer. */
  T5EncoderKeyValues keyValues(Tensor encoded, Mask mask) {
    return new T5EncoderKeyValues(
        layers.stream().map(layer -> layer.keyValues(encoded, mask)).toList());
  }

  private static Tensor run(
      T5Layer layer,
      Tensor x,
      @Nullable KeyValues keyValues,
      Mask mask,
      KeyValueCache.@Nullable Layer cache,
      ForwardPass pass) {
    if (keyValues == null) {
      return pass.layer(
          List.of(x), (in, inside) -> layer.forward(in.get(0), null, mask, cache, inside));
    }
    return pass.layer(
        List.of(x, keyValues.keys(), keyValues.values()),
        (in, inside) -> {
          KeyValues context = new KeyValues(in.get(1), in.get(2), keyValues.mask());
          return layer.forward(in.get(0), context, mask, cache, inside);
        });
  }
}
