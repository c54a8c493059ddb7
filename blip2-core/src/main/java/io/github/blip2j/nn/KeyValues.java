package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import java.util.List;

/**
 * The keys and values of a context sequence and its mask. Computed once, they serve any number of
 * attention calls, whose gradients are summed.
 *
 * @param keys [B, S, H, D]
 * @param values [B, S, H, D]
 * @param mask broadcasts to [B, H, T, S]
 */
public record KeyValues(Tensor keys, Tensor values, Mask mask) {
  /** Checks that values are shaped like keys. */
  public KeyValues {
    values.shape().require("attention", "values", keys.shape().toArray());
  }

  /**
   * Keys and values of several batches, one after the other.
   *
   * @throws IllegalArgumentException if one has a mask
   */
  public static KeyValues concat(List<KeyValues> batches) {
    if (batches.stream().anyMatch(each -> each.mask.tensor() != null)) {
      throw new IllegalArgumentException(
          "attention: keys and values without a mask expected, to join them, got one");
    }
    return new KeyValues(
        Tensor.concat(0, batches.stream().map(KeyValues::keys).toList()),
        Tensor.concat(0, batches.stream().map(KeyValues::values).toList()),
        Mask.none());
  }

  /** Keys and values of a batch whose row i is row {@code rows[i]} of this one; rows may repeat. */
  public KeyValues rows(int... rows) {
    Tensor ids = Tensor.ids(rows);
    return new KeyValues(keys.gather(ids), values.gather(ids), mask.rows(rows));
  }
}
