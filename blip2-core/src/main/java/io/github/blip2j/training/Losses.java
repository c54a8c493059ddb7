package io.github.blip2j.training;

import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The loss of a batch and its parts.
 *
 * @param total the scalar to minimise, recorded
 * @param parts scalars for the log by name, in their order, such as {@code itc}, {@code itm}
 */
public record Losses(Tensor total, Map<String, Tensor> parts) {
  /** Copies the parts, in their order. */
  public Losses {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
  }

  /** A loss without parts. */
  public static Losses of(Tensor total) {
    return new Losses(total, Map.of());
  }

  /** These losses with one more part for the log; the total stays. */
  public Losses with(String name, Tensor part) {
    Map<String, Tensor> more = new LinkedHashMap<>(parts);
    more.put(name, part);
    return new Losses(total, more);
  }

  /** The numbers, by their names in the log: {@code loss}, {@code loss_itc}, .... */
  Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", total.item());
    parts.forEach((name, part) -> values.put("loss_" + name, part.item()));
    return values;
  }
}
