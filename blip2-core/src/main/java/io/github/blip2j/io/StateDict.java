package io.github.blip2j.io;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Tensors by name out of a dict: those of its {@code model} or {@code state_dict} if it has one, as
 * training checkpoints do, with the names of dicts within dicts joined by dots. What is not a
 * tensor is left out.
 */
final class StateDict {
  private static final int DEEPEST = 32;
  private static final int LONGEST_NAME = 500;
  private static final int MOST_TENSORS = 200_000;

  private final ReadableFile file;
  private final NavigableMap<String, PickledTensor> tensors = new TreeMap<>();
  private int visits;

  private StateDict(ReadableFile file) {
    this.file = file;
  }

  /**
   * The tensors of {@code object}.
   *
   * @throws CheckpointException if it is no dict, or holds none
   */
  static NavigableMap<String, PickledTensor> of(Object object, ReadableFile file)
      throws CheckpointException {
    if (!(object instanceof Map<?, ?> dict)) {
      throw file.error("dict of tensors expected, got something else; save a state_dict()");
    }
    var state = new StateDict(file);
    state.collect("", inner(dict), 0);
    if (state.tensors.isEmpty()) {
      throw file.error("tensors expected, got a dict without any; save a state_dict()");
    }
    return state.tensors;
  }

  private static Map<?, ?> inner(Map<?, ?> dict) {
    if (dict.get("model") instanceof Map<?, ?> model) {
      return model;
    }
    return dict.get("state_dict") instanceof Map<?, ?> state ? state : dict;
  }

  private void collect(String prefix, Map<?, ?> dict, int depth) throws CheckpointException {
    if (depth > DEEPEST) { // a dict may contain itself
      throw file.error("dicts expected at most %d deep, got more", DEEPEST);
    }
    for (Map.Entry<?, ?> entry : dict.entrySet()) {
      if (++visits > Pickle.MOST_VALUES) { // shared dicts multiply
        throw file.error("dicts expected to hold at most %d values, got more", Pickle.MOST_VALUES);
      }
      Object value = entry.getValue();
      if (value instanceof PickledTensor || value instanceof Map<?, ?>) {
        String name = name(prefix, entry.getKey());
        if (value instanceof PickledTensor tensor) {
          add(name, tensor);
        } else {
          collect(name + ".", (Map<?, ?>) value, depth + 1);
        }
      }
    }
  }

  private String name(String prefix, Object key) throws CheckpointException {
    String last = key instanceof String || key instanceof Long ? key.toString() : "?";
    if (prefix.length() + last.length() > LONGEST_NAME) {
      throw file.error("names expected at most %d characters, got more", LONGEST_NAME);
    }
    return prefix + last;
  }

  private void add(String name, PickledTensor tensor) throws CheckpointException {
    if (tensors.put(name, tensor) != null) {
      throw file.error("tensor names expected to differ, got %s twice", name);
    }
    if (tensors.size() > MOST_TENSORS) {
      throw file.error("at most %d tensors expected, got more", MOST_TENSORS);
    }
  }
}
