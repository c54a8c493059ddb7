package io.github.blip2j.io.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The memo of a pickle: values by number. Python numbers from 0 without gaps, so a list holds them;
 * other numbers are in a map.
 */
final class PickleMemo {
  private final List<Object> inOrder = new ArrayList<>();
  private final Map<Long, Object> others = new HashMap<>();

  /** The number of values. */
  int size() {
    return inOrder.size() + others.size();
  }

  void put(long index, Object value) {
    if (index == inOrder.size()) {
      inOrder.add(value);
    } else if (index < inOrder.size()) {
      inOrder.set((int) index, value);
    } else {
      others.put(index, value);
    }
  }

  /** The value of a number, or null. */
  @Nullable Object get(long index) {
    return index < inOrder.size() ? inOrder.get((int) index) : others.get(index);
  }
}
