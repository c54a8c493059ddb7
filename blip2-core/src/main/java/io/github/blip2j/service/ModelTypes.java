package io.github.blip2j.service;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What registered families of models have in common: each has a name and model types of its own.
 */
public final class ModelTypes {
  private ModelTypes() {}

  /**
   * Enters a family under each of its model types.
   *
   * @param kind of the families, such as {@code vision families}
   * @param family to enter
   * @param name of a family
   * @param types the model types of a family
   * @throws IllegalArgumentException if it is null, has no model types, or one that is blank or
   *     taken; the map is then as before
   */
  public static <F> void enter(
      Map<String, F> byType, String kind, @Nullable F family, Named<F> name, Typed<F> types) {
    if (family == null) {
      throw new IllegalArgumentException(kind + ": family expected, got null; leave it out");
    }
    String what = describe(name.of(family), family);
    @Nullable Collection<String> own = types.of(family);
    if (own == null || own.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: model_type expected for %s, got %s; return one or more from modelTypes()",
              kind,
              what,
              own == null ? "null" : "none"));
    }
    for (@Nullable String type : own) {
      if (type == null || type.isBlank()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: model_type expected for %s, got %s; it is the model_type of a config.json",
                kind,
                what,
                type == null ? "null" : "a blank one"));
      }
      F other = byType.get(type);
      if (other != null) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: one family expected for model_type %s, got %s and %s; register it once, or"
                    + " under a model_type of its own",
                kind,
                type,
                describe(name.of(other), other),
                what));
      }
    }
    for (String type : new LinkedHashSet<>(own)) {
      byType.put(type, family);
    }
  }

  private static String describe(@Nullable String name, Object family) {
    return (name == null ? "a family without a name" : name)
        + " ("
        + family.getClass().getName()
        + ")";
  }

  /** The name of a family. */
  @FunctionalInterface
  public interface Named<F> {
    /** The name; null if the family breaks its contract. */
    @Nullable String of(F family);
  }

  /** The model types of a family. */
  @FunctionalInterface
  public interface Typed<F> {
    /** The model types; null if the family breaks its contract. */
    @Nullable Collection<String> of(F family);
  }
}
