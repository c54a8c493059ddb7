package io.github.blip2j.io.torch;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something in a pickle that is not built, for nobody needs it: what it is, and what was put into
 * it as into a dict, for a class may be a dict of tensors by inheritance.
 */
final class PickledObject {
  private final String what;
  private @Nullable Map<Object, Object> items;

  /** An object of the class, or the kind of value, {@code what}. */
  PickledObject(String what) {
    this.what = what;
  }

  /** Its class as Python 3 calls it, or the kind of value. */
  String what() {
    return what;
  }

  /** Puts something into it as into a dict. */
  void put(Object key, Object value) {
    if (items == null) {
      items = new LinkedHashMap<>();
    }
    items.put(key, value);
  }

  /** What was put into it; empty if it is no dict. */
  Map<Object, Object> items() {
    return items == null ? Map.of() : items;
  }

  /** Whether its class is one of tensors, as far as its name says. */
  boolean isTensor() {
    return what.endsWith("Tensor") || what.endsWith("Parameter") || what.endsWith("Buffer");
  }
}
