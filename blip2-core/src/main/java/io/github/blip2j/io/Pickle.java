package io.github.blip2j.io;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A machine for Python's pickles (protocol 2 and later, PEP 307 and 3154) that runs no code.
 *
 * <p>A pickle is a program for a stack machine; in Python it may call whatever it names. Here it
 * may name what {@link PickleClass} lists, and a call gives plain data: {@link Long}, {@link
 * Double}, {@link Boolean}, {@link String}, {@link BigInteger}, {@link List} for lists and tuples,
 * {@link Map} for dicts, {@link PickledTensor}, and {@link PickleClass#OPAQUE} for anything nobody
 * needs. Every step costs a bounded amount, and the number of values is bounded, so a pickle can
 * neither hang nor exhaust the reader; what is built may still contain itself.
 */
final class Pickle {
  /** Python's {@code None}. */
  static final Object NONE = PickleMark.NONE;

  static final int MOST_VALUES = 2_000_000; // a model of ten thousand tensors makes 300,000

  private enum PickleMark {
    NONE
  }

  private final PickleInput in;
  private final PickledTensors tensors;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>(); // heights of the stack
  private final Map<Long, Object> memo = new HashMap<>();
  private int values;

  /** A machine for the pickle that {@code in} stands at. */
  Pickle(PickleInput in, PickledTensors tensors) {
    this.in = in;
    this.tensors = tensors;
  }

  /** Runs the pickle to its end and returns what it leaves. */
  Object load() throws IOException {
    for (int op = in.uint8(); op != '.'; op = in.uint8()) {
      if (!number(op) && !text(op) && !container(op) && !remember(op) && !object(op)) {
        throw in.error(
            "pickle opcode expected one of protocol 2 to 5, got 0x%02x at byte %d",
            op, in.position() - 1);
      }
    }
    return pop();
  }

  private boolean number(int op) throws IOException {
    switch (op) {
      case 'N' -> push(NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) in.int32());
      case 'K' -> push((long) in.uint8());
      case 'M' -> push((long) in.uint16());
      case 0x8a -> push(integer(in.bytes(in.uint8())));
      case 0x8b -> push(integer(in.bytes(in.uint32())));
      case 'G' -> push(in.float64());
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean text(int op) throws IOException {
    switch (op) {
      case 'X' -> push(in.utf8(in.uint32()));
      case 0x8c -> push(in.utf8(in.uint8()));
      case 0x8d -> push(in.utf8(in.int64()));
      case 'T' -> push(in.utf8(in.uint32())); // Python 2's str
      case 'U' -> push(in.utf8(in.uint8()));
      case 'B' -> pushBytes(in.uint32());
      case 'C' -> pushBytes(in.uint8());
      case 0x8e, 0x96 -> pushBytes(in.int64());
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean container(int op) throws CheckpointException {
    switch (op) {
      case '(' -> mark();
      case ')' -> push(List.of());
      case 0x85 -> push(tuple(take(1)));
      case 0x86 -> push(tuple(take(2)));
      case 0x87 -> push(tuple(take(3)));
      case 't' -> push(tuple(takeToMark()));
      case ']' -> push(new ArrayList<>());
      case 'l' -> push(new ArrayList<>(Arrays.asList(takeToMark())));
      case 'a' -> append(take(1));
      case 'e' -> append(takeToMark());
      case '}' -> push(new LinkedHashMap<>());
      case 'd' -> {
        Object[] pairs = takeToMark();
        push(new LinkedHashMap<>());
        put(pairs);
      }
      case 's' -> put(take(2));
      case 'u' -> put(takeToMark());
      case 0x8f -> push(PickleClass.OPAQUE); // a set
      case 0x90 -> takeToMark(); // added to a set
      case 0x91 -> {
        takeToMark();
        push(PickleClass.OPAQUE);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean remember(int op) throws IOException {
    switch (op) {
      case '0' -> pop();
      case '1' -> takeToMark();
      case '2' -> push(top());
      case 'q' -> keep(in.uint8());
      case 'r' -> keep(in.uint32());
      case 0x94 -> keep(memo.size());
      case 'h' -> push(recall(in.uint8()));
      case 'j' -> push(recall(in.uint32()));
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean object(int op) throws IOException {
    switch (op) {
      case 0x80 -> requireProtocol(in.uint8());
      case 0x95 -> in.int64(); // the length of a frame, of use to streams
      case 'c' -> push(named(in.line(), in.line()));
      case 0x93 -> {
        Object[] names = take(2);
        push(named(names[0], names[1]));
      }
      case 'Q' -> push(tensors.storage(pop()));
      case 'R', 0x81 -> {
        Object arguments = pop();
        push(call(pop(), arguments));
      }
      case 0x92 -> {
        Object[] parts = take(3); // class, arguments, keywords
        push(call(parts[0], parts[1]));
      }
      case 'b' -> { // attributes, which no dict or tensor needs
        pop();
        top();
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void requireProtocol(int protocol) throws CheckpointException {
    if (protocol < 2 || protocol > 5) {
      throw in.error("pickle protocol expected 2 to 5, got %d; save it again", protocol);
    }
  }

  private PickleClass named(Object module, Object name) throws CheckpointException {
    @Nullable PickleClass found =
        module instanceof String first && name instanceof String second
            ? PickleClass.find(first, second)
            : null;
    if (found == null) {
      throw in.error(
          "pickle expected to name weights and plain data only, got %s.%s; %s",
          shortened(module), shortened(name), "save the model's state_dict() alone");
    }
    return found;
  }

  private Object call(Object called, Object arguments) throws CheckpointException {
    if (!(called instanceof PickleClass of) || !(arguments instanceof List<?> given)) {
      throw in.error("pickle expected a call at byte %d, got other values", in.position() - 1);
    }
    return switch (of.kind()) {
      case DICT -> dict(given);
      case TENSOR -> tensors.tensor(given, false);
      case TYPED_TENSOR -> tensors.tensor(given, true);
      case FIRST -> given.isEmpty() ? List.of() : given.get(0);
      case STORAGE, TYPE, OPAQUE -> PickleClass.OPAQUE;
    };
  }

  /** The dict of pairs, as Python 2 wrote an OrderedDict; later ones are filled after the call. */
  private Map<Object, Object> dict(List<?> arguments) throws CheckpointException {
    Map<Object, Object> dict = new LinkedHashMap<>();
    if (arguments.size() == 1 && arguments.get(0) instanceof List<?> pairs) {
      count(pairs.size());
      for (Object pair : pairs) {
        if (pair instanceof List<?> both && both.size() == 2) {
          dict.put(key(both.get(0)), both.get(1));
        }
      }
    }
    return dict;
  }

  private void append(Object[] items) throws CheckpointException {
    if (top() instanceof ArrayList<?>) {
      @SuppressWarnings("unchecked") // lists are made above
      ArrayList<Object> list = (ArrayList<Object>) top();
      Collections.addAll(list, items);
    }
  }

  private void put(Object[] pairs) throws CheckpointException {
    if (pairs.length % 2 != 0) {
      throw in.error("pickle expected keys and values at byte %d, got an odd one", in.position());
    }
    if (top() instanceof Map<?, ?>) {
      @SuppressWarnings("unchecked") // dicts are made above
      Map<Object, Object> dict = (Map<Object, Object>) top();
      for (int i = 0; i < pairs.length; i += 2) {
        dict.put(key(pairs[i]), pairs[i + 1]);
      }
    }
  }

  /** A key that is cheap to compare: a tuple may be nested, and even contain itself. */
  private static Object key(Object key) {
    boolean cheap = key instanceof String || key instanceof Long;
    return cheap ? key : new Object();
  }

  private void mark() throws CheckpointException {
    count(1);
    marks.add(stack.size());
  }

  private Object[] takeToMark() throws CheckpointException {
    if (marks.isEmpty()) {
      throw underflow();
    }
    int height = marks.remove(marks.size() - 1);
    if (height > stack.size()) {
      throw underflow();
    }
    return take(stack.size() - height);
  }

  private Object[] take(int count) throws CheckpointException {
    if (count > stack.size()) {
      throw underflow();
    }
    List<Object> last = stack.subList(stack.size() - count, stack.size());
    Object[] taken = last.toArray();
    last.clear();
    return taken;
  }

  private static List<Object> tuple(Object[] items) {
    return Collections.unmodifiableList(Arrays.asList(items));
  }

  private static Object integer(byte[] littleEndian) {
    byte[] bigEndian = new byte[littleEndian.length + 1];
    for (int i = 0; i < littleEndian.length; i++) {
      bigEndian[littleEndian.length - i] = littleEndian[i];
    }
    if (littleEndian.length > 0) {
      bigEndian[0] = (byte) (bigEndian[1] < 0 ? -1 : 0);
    }
    BigInteger value = new BigInteger(bigEndian);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private void pushBytes(long count) throws IOException {
    in.bytes(count);
    push(PickleClass.OPAQUE);
  }

  private void push(Object value) throws CheckpointException {
    count(1);
    stack.add(value);
  }

  private Object pop() throws CheckpointException {
    return take(1)[0];
  }

  private Object top() throws CheckpointException {
    if (stack.isEmpty()) {
      throw underflow();
    }
    return stack.get(stack.size() - 1);
  }

  private void keep(long index) throws CheckpointException {
    count(1);
    memo.put(index, top());
  }

  private Object recall(long index) throws CheckpointException {
    @Nullable Object value = memo.get(index);
    if (value == null) {
      throw in.error("pickle expected a value kept as %d, got none", index);
    }
    return value;
  }

  private void count(int more) throws CheckpointException {
    values += more;
    if (values < 0 || values > MOST_VALUES) {
      throw in.error(
          "pickle expected at most %d values, got more; save the state_dict alone", MOST_VALUES);
    }
  }

  private CheckpointException underflow() {
    return in.error("pickle expected a value at byte %d, got an empty stack", in.position() - 1);
  }

  private static String shortened(Object name) {
    String text = name instanceof String string ? string : "something else";
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
