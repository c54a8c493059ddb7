package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The layers, one after another. */
public final class BertEncoder extends Module {
  private final List<BertLayer> layers = new ArrayList<>();

  /** All layers of a BERT of these sizes. */
  public BertEncoder(BertConfig config, Params params) {
    super(params);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new BertLayer(config, i, params.at(i)));
    }
  }

  /** Keys and values of {@code context} [B, N, E] for every layer that reads it. */
  public BertContext read(Tensor context, Mask mask) {
    Map<Integer, KeyValues> read = new TreeMap<>();
    for (int i = 0; i < layers.size(); i++) {
      KeyValues ofLayer = layers.get(i).read(context, mask);
      if (ofLayer != null) {
        read.put(i, ofLayer);
      }
    }
    return new BertContext(read);
  }

  /** The last layer's output; arguments as in {@link BertLayer#forward}. */
  public Streams forward(
      Streams streams,
      @Nullable BertContext context,
      Mask mask,
      @Nullable KeyValueCache cache,
      Pass pass) {
    Streams x = streams;
    pass.observer().hiddenState(path(), 0, x.joined());
    for (int i = 0; i < layers.size(); i++) {
      KeyValueCache.Layer layerCache = cache == null ? null : cache.layer(i);
      KeyValues read = context == null ? null : context.layer(i);
      Streams input = x;
      BertLayer layer = layers.get(i);
      Tensor output = Scope.run(() -> layer.forward(input, read, mask, layerCache, pass).joined());
      x = input.part(output);
      pass.observer().hiddenState(path(), i + 1, x.joined());
    }
    return x;
  }
}
