package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValues;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a BERT reads besides its own tokens, an image or the output of an encoder, as the keys and
 * values of each layer that reads it. Computed once by {@link BertModel#imageKeyValues}, it serves
 * any number of passes, and its gradient is the sum of theirs.
 *
 * @param layers by number, those that read
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

  /** Rows, or 0 if no layer reads. */
  public long batch() {
    return layers.values().stream().findFirst().map(read -> read.keys().dim(0)).orElse(0L);
  }

  /** Of one layer, or null if it reads nothing. */
  @Nullable KeyValues layer(int index) {
    return layers.get(index);
  }
}
