package io.github.blip2j.io.torch;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object in a pickle that is not built, because nothing needs it: its class, and the items that
 * were set on it, since a class may be a dict of tensors by inheritance.
 */
final class PickledObject {
  private final String what;
  private @Nullable Map<Object, Object> items;

  /** An object of the class, or a value of the kind, {@code what}. */
  PickledObject(String what) {
    this.what = what;
  }

  /** The class as Python 3 names it, or the kind of value. */
  String what() {
    return what;
  }

  /** Sets an item. */
  void put(Object key, Object value) {
    if (items == null) {
      items = new LinkedHashMap<>();
    }
    items.put(key, value);
  }

  /** The items; empty if the object is no dict. */
  Map<Object, Object> items() {
    return items == null ? Map.of() : items;
  }

  /** Whether the class is a tensor class, by its name. */
  boolean isTensor() {
    return what.endsWith("Tensor") || what.endsWith("Parameter") || what.endsWith("Buffer");
  }
}
