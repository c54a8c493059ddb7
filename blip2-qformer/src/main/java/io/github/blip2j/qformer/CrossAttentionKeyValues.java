package io.github.blip2j.qformer;

import static java.util.Objects.requireNonNull;

import io.github.blip2j.nn.KeyValues;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The cross-attention keys and values of an image or an encoder's output, for each layer with
 * cross-attention. Computed once by {@link BertModel#imageKeyValues}, they serve any number of
 * passes, and their gradient is the sum of the passes'.
 *
 * @param layers the layers with cross-attention, by number
 */
public record CrossAttentionKeyValues(Map<Integer, KeyValues> layers) {
  /** Copies the map. */
  public CrossAttentionKeyValues {
    layers = Map.copyOf(layers);
  }

  /**
   * Keys and values of a batch whose row i is row {@code rows[i]} of this one, so that one image's
   * serve several texts, or those of a batch its hard negatives. Gradients flow through.
   */
  public CrossAttentionKeyValues rows(int... rows) {
    Map<Integer, KeyValues> picked = new TreeMap<>();
    layers.forEach((layer, read) -> picked.put(layer, read.rows(rows)));
    return new CrossAttentionKeyValues(picked);
  }

  /** Those of several batches, one after the other. */
  public static CrossAttentionKeyValues concat(List<CrossAttentionKeyValues> batches) {
    Map<Integer, KeyValues> all = new TreeMap<>();
    for (int layer : batches.get(0).layers.keySet()) {
      all.put(
          layer,
          KeyValues.concat(
              batches.stream().map(each -> requireNonNull(each.layers.get(layer))).toList()));
    }
    return new CrossAttentionKeyValues(all);
  }

  /** The number of rows, or 0 without layers. */
  public long batch() {
    return layers.values().stream().findFirst().map(read -> read.keys().dim(0)).orElse(0L);
  }

  /** Keys and values of one layer, or null if it has no cross-attention. */
  @Nullable KeyValues layer(int index) {
    return layers.get(index);
  }
}
