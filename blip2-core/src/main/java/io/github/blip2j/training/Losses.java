package io.github.blip2j.training;

import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a batch and its parts.
 *
 * @param total the scalar to minimise, recorded
 * @param parts scalars for the log by name, in their order, such as {@code itc}, {@code itm}
 */
public record Losses(Tensor total, Map<String, Tensor> parts) {
  /**
   * Copies the parts, in their order.
   *
   * @throws IllegalArgumentException if one of them is no scalar, or a name is blank
   */
  public Losses {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    requireScalar("total", total);
    parts.forEach(Losses::requirePart);
  }

  /** A loss without parts. */
  public static Losses of(Tensor total) {
    return new Losses(total, Map.of());
  }

  /**
   * These losses with one more part for the log; the total stays.
   *
   * @throws IllegalArgumentException if there is a part of this name
   */
  public Losses with(String name, Tensor part) {
    requirePart(name, part);
    Map<String, Tensor> more = new LinkedHashMap<>(parts);
    put(more, name, part);
    return new Losses(total, more);
  }

  /**
   * These losses with one more term: {@code total + term}, with the term in the log.
   *
   * @throws IllegalArgumentException if there is a part of this name
   */
  public Losses plus(String name, Tensor term) {
    return plus(name, term, 1);
  }

  /**
   * These losses with one more term: {@code total + weight * term}. The log has the term without
   * its weight.
   *
   * @throws IllegalArgumentException if there is a part of this name, or the weight is not finite
   */
  public Losses plus(String name, Tensor term, double weight) {
    requirePart(name, term);
    Map<String, Tensor> more = new LinkedHashMap<>(parts);
    put(more, name, term);
    return new Losses(sum(term, weight), more);
  }

  /**
   * The sum of two objectives' losses, with the parts of both.
   *
   * @throws IllegalArgumentException if both have a part of one name
   */
  public Losses plus(Losses other) {
    return plus(other, 1);
  }

  /**
   * The sum {@code total + weight * other.total}, with the parts of both, without weight.
   *
   * @throws IllegalArgumentException if both have a part of one name, or the weight is not finite
   */
  public Losses plus(@Nullable Losses other, double weight) {
    if (other == null) {
      throw new IllegalArgumentException("losses: other losses expected, got null; leave them out");
    }
    Map<String, Tensor> all = new LinkedHashMap<>(parts);
    other.parts.forEach((name, part) -> put(all, name, part));
    return new Losses(sum(other.total, weight), all);
  }

  private Tensor sum(Tensor term, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("losses: weight expected finite, got " + weight);
    }
    return total.add(weight == 1 ? term : term.mul(weight));
  }

  private static void put(Map<String, Tensor> parts, String name, Tensor part) {
    if (parts.put(name, part) != null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "losses: parts expected with names that differ, got %s twice; rename one",
              name));
    }
  }

  private static void requirePart(@Nullable String name, @Nullable Tensor part) {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException(
          "losses: name of a part expected, got "
              + (name == null ? "null" : "a blank one")
              + "; name it, for the log");
    }
    requireScalar(name, part);
  }

  private static void requireScalar(String name, @Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "losses: %s expected a scalar, got null; leave it out", name));
    }
    if (tensor.size() != 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "losses: %s expected a scalar, got %s; take its mean or sum",
              name,
              tensor.shape()));
    }
  }

  /** The numbers, by their names in the log: {@code loss}, {@code loss_itc}, .... */
  Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", total.item());
    parts.forEach((name, part) -> values.put("loss_" + name, part.item()));
    return values;
  }
}
