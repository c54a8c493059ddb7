package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;

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

  /** Keys and values of a batch whose row i is row {@code rows[i]} of this one; rows may repeat. */
  public KeyValues rows(int... rows) {
    Tensor ids = Tensor.ids(rows);
    return new KeyValues(keys.gather(ids), values.gather(ids), mask.rows(rows));
  }
}
