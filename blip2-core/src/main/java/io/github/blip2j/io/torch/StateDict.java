package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.UnreadableTensor;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a dict by name: those of its {@code model} or {@code state_dict} if it has one, as
 * training checkpoints do. Names in nested dicts are joined by dots. Other values are left out;
 * {@link #passedOver} lists them.
 */
final class StateDict {
  /**
   * Keys under which training checkpoints keep the model; if there are several, the dict with the
   * most tensors is used.
   */
  private static final List<String> HOLDERS =
      List.of("model", "state_dict", "model_state_dict", "module");

  static final int MOST_VISITS = 2_000_000;
  private static final int DEEPEST = 32;
  private static final int LONGEST_NAME = 500;
  private static final int MOST_TENSORS = 200_000;
  private static final int MOST_NOTES = 1000;
  private static final int MOST_LOOKS = 100_000; // for each note

  private record Note(String name, String what) {}

  private final ReadableFile file;
  private final NavigableMap<String, PickledTensor> tensors = new TreeMap<>();
  private final NavigableMap<String, UnreadableTensor> unreadable = new TreeMap<>();
  private final List<Note> notes = new ArrayList<>();
  private int visits;
  private int odd; // unprintable keys so far

  private StateDict(ReadableFile file) {
    this.file = file;
  }

  /**
   * The tensors of {@code object}.
   *
   * @throws CheckpointException if it is no dict, or has no tensors
   */
  static StateDict of(Object object, ReadableFile file) throws CheckpointException {
    var state = new StateDict(file);
    @Nullable Map<?, ?> dict = dict(object);
    if (dict == null || (dict.isEmpty() && object instanceof PickledObject)) {
      throw state.noDict(object);
    }
    Map<?, ?> model = state.inner(dict);
    state.visits = 0;
    state.collect("", model, 0);
    if (state.tensors.isEmpty() && state.unreadable.isEmpty()) {
      throw state.noTensors(dict);
    }
    return state;
  }

  /** The readable tensors, by name. */
  NavigableMap<String, PickledTensor> tensors() {
    return tensors;
  }

  /** The unreadable tensors, by name. */
  NavigableMap<String, UnreadableTensor> unreadable() {
    return unreadable;
  }

  /** The other values by name, with a description; the first thousand. */
  NavigableMap<String, String> passedOver() {
    NavigableMap<String, String> passedOver = new TreeMap<>();
    notes.forEach(note -> passedOver.put(note.name, note.what));
    return passedOver;
  }

  /** The innermost dict that holds the model; notes the values beside it. */
  private Map<?, ?> inner(Map<?, ?> dict) throws CheckpointException {
    Map<?, ?> outer = dict;
    for (int depth = 0; depth < DEEPEST; depth++) {
      @Nullable String holder = holder(outer);
      // Deeper, such a key may be a part of the model.
      if (holder == null || (depth > 0 && count(outer) != count(outer.get(holder)))) {
        return outer;
      }
      for (Map.Entry<?, ?> entry : outer.entrySet()) {
        if (!entry.getKey().equals(holder)) {
          note(name("", entry.getKey()), entry.getValue());
        }
      }
      @Nullable Map<?, ?> next = dict(outer.get(holder));
      if (next == null) {
        return outer;
      }
      outer = next;
    }
    return outer;
  }

  private @Nullable String holder(Map<?, ?> dict) throws CheckpointException {
    @Nullable String most = null;
    int tensorsInMost = 0;
    for (String key : HOLDERS) {
      int count = dict(dict.get(key)) == null ? 0 : count(dict.get(key));
      if (count > tensorsInMost) {
        most = key;
        tensorsInMost = count;
      }
    }
    return most;
  }

  private int count(@Nullable Object value) throws CheckpointException {
    visits = 0;
    return count(value, 0);
  }

  /** The number of tensors in a value and its nested dicts. */
  private int count(@Nullable Object value, int depth) throws CheckpointException {
    if (isTensor(value)) {
      return 1;
    }
    @Nullable Map<?, ?> dict = dict(value);
    int count = 0;
    if (dict != null) {
      requireShallow(depth);
      for (Object each : dict.values()) {
        visit();
        count += count(each, depth + 1);
      }
    }
    return count;
  }

  /**
   * Collects the tensors of a dict; notes other values, and a dict without any tensor as one value.
   */
  private int collect(String prefix, Map<?, ?> dict, int depth) throws CheckpointException {
    requireShallow(depth);
    int count = 0;
    for (Map.Entry<?, ?> entry : dict.entrySet()) {
      visit();
      Object value = entry.getValue();
      @Nullable Map<?, ?> inner = dict(value);
      if (isTensor(value)) {
        add(name(prefix, entry.getKey()), value);
        count++;
      } else if (inner != null && !inner.isEmpty()) {
        String name = name(prefix, entry.getKey());
        int notesBefore = notes.size();
        int within = collect(name + ".", inner, depth + 1);
        if (within == 0) {
          notes.subList(notesBefore, notes.size()).clear();
          note(name, value);
        }
        count += within;
      } else if (notes.size() < MOST_NOTES) {
        note(name(prefix, entry.getKey()), value);
      }
    }
    return count;
  }

  private void add(String name, Object value) throws CheckpointException {
    boolean twice = tensors.containsKey(name) || unreadable.containsKey(name);
    if (twice) {
      throw file.error("tensor names expected to differ, got %s twice", name);
    }
    if (value instanceof PickledTensor tensor) {
      tensors.put(name, tensor);
    } else if (value instanceof UnreadableTensor tensor) {
      unreadable.put(name, tensor);
    } else {
      String kind = UnreadableTensor.ofClass(((PickledObject) value).what());
      unreadable.put(name, new UnreadableTensor(kind, new long[0]));
    }
    if (tensors.size() + unreadable.size() > MOST_TENSORS) {
      throw file.error("at most %d tensors expected, got more", MOST_TENSORS);
    }
  }

  private String name(String prefix, Object key) throws CheckpointException {
    String last = key.toString();
    if (last.equals("?") && key instanceof PickleKey) {
      odd++;
      last = "?" + (odd == 1 ? "" : odd); // unprintable keys are numbered
    }
    if (prefix.length() + last.length() > LONGEST_NAME) {
      throw file.error("names expected at most %d characters, got more", LONGEST_NAME);
    }
    return prefix + last;
  }

  private void note(String name, Object value) {
    if (notes.size() < MOST_NOTES) {
      int tensors = isTensor(value) ? 0 : tensorsIn(value, 0, new int[1]);
      String held =
          tensors == 0 ? "" : tensors == 1 ? " with a tensor" : " with " + tensors + " tensors";
      notes.add(new Note(name, describe(value) + held));
    }
  }

  /** The number of tensors in a list or dict, with a limit on visits: a list may contain itself. */
  private static int tensorsIn(@Nullable Object value, int depth, int[] looks) {
    if (isTensor(value)) {
      return 1;
    }
    @Nullable Map<?, ?> dict = dict(value);
    Collection<?> within =
        dict != null ? dict.values() : value instanceof List<?> l ? l : List.of();
    int count = 0;
    for (Object each : within) {
      if (depth == DEEPEST || ++looks[0] > MOST_LOOKS) {
        return count;
      }
      count += tensorsIn(each, depth + 1, looks);
    }
    return count;
  }

  private void visit() throws CheckpointException {
    if (++visits > MOST_VISITS) { // shared dicts are visited repeatedly
      throw file.error("dicts expected to hold at most %d values, got more", MOST_VISITS);
    }
  }

  private void requireShallow(int depth) throws CheckpointException {
    if (depth > DEEPEST) { // a dict may contain itself
      throw file.error("dicts expected at most %d deep, got more", DEEPEST);
    }
  }

  private CheckpointException noDict(Object object) {
    if (object instanceof PickledObject one) {
      return PickleClass.of(one.what()).kind() == PickleClass.Kind.OBJECT
          ? file.error(PickleCalls.REFUSED, one.what(), PickleCalls.ALONE)
          : file.error("dict of tensors expected, got %s; save a state_dict()", one.what());
    }
    return file.error("dict of tensors expected, got something else; save a state_dict()");
  }

  /** The error if there are no tensors; names a whole pickled model if there is one. */
  private CheckpointException noTensors(Map<?, ?> dict) {
    for (String key : HOLDERS) {
      if (dict.get(key) instanceof PickledObject model) {
        return file.error(
            "tensors expected under %s, got an object of %s; save its state_dict()",
            key, model.what());
      }
    }
    return file.error("tensors expected, got a dict without any; save a state_dict()");
  }

  private static boolean isTensor(@Nullable Object value) {
    return value instanceof PickledTensor
        || value instanceof UnreadableTensor
        || (value instanceof PickledObject object && object.isTensor());
  }

  private static @Nullable Map<?, ?> dict(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    return value instanceof PickledObject object ? object.items() : null;
  }

  private static String describe(Object value) {
    if (value instanceof PickledObject object) {
      return object.what();
    }
    if (value instanceof PickleClass of) {
      return "the name " + of.name();
    }
    if (value instanceof Map<?, ?> map) {
      return "a dict of " + map.size();
    }
    if (value instanceof List<?> list) {
      return "a list of " + list.size();
    }
    if (value instanceof String) {
      return "a str";
    }
    if (value instanceof Boolean) {
      return "a bool";
    }
    if (value instanceof Long || value instanceof BigInteger) {
      return "an int";
    }
    if (value instanceof Double) {
      return "a float";
    }
    return value == Pickle.NONE ? "None" : isTensor(value) ? "a tensor" : "a storage";
  }
}
