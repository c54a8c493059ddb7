package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.UnreadableTensor;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An interpreter for Python's pickles (protocol 2 and later, PEP 307 and 3154) that runs no code.
 *
 * <p>A pickle is a program for a stack machine; in Python it may call any function that it names.
 * Here names stay names ({@link PickleClass}), and a call gives plain data: {@link Long}, {@link
 * Double}, {@link Boolean}, {@link String}, {@link BigInteger}, {@link List} for lists and tuples,
 * {@link Map} for dicts, {@link PickledTensor} and {@link UnreadableTensor}, and {@link
 * PickledObject} for everything else. Time and memory of every step and of the whole run are
 * bounded, so a pickle can neither hang nor exhaust the reader. The result may contain itself.
 */
final class Pickle {
  /** Python's {@code None}. */
  static final Object NONE = PickleMark.NONE;

  /** The memory limit for all values together; two hundred thousand tensors need less. */
  static final long MOST_MEMORY = 1 << 29;

  // Estimated bytes of memory on a 64-bit JVM with compressed pointers, rounded up.
  private static final int REFERENCE = PickleStack.REFERENCE;
  private static final int BOXED = PickleStack.BOXED;
  private static final int OBJECT = 40;
  private static final int TEXT = 56;
  private static final int ENTRY = 64;
  private static final int DICT = 72;
  private static final int STORAGE = 90;
  private static final int TENSOR = 120;

  private static final int LONGEST_TEXT = 1 << 20; // longer than names, not than arrays

  private enum PickleMark {
    NONE
  }

  static final String OLD_PROTOCOL =
      "pickle of protocol 2 or later expected, got an older one; save with pickle_protocol=2 or"
          + " higher, PyTorch's default";

  private final PickleInput in;
  private final PickleCalls calls;
  private final PickledTensors tensors;
  private final PickleStack stack;
  private final PickleMemo memo = new PickleMemo();
  private int protocol;

  /** An interpreter of the pickle at {@code in}'s position. */
  Pickle(PickleInput in, PickledTensors tensors) {
    this(in, tensors, Math.min(MOST_MEMORY, Runtime.getRuntime().maxMemory() / 2));
  }

  /** An interpreter with another memory limit. */
  Pickle(PickleInput in, PickledTensors tensors, long mostMemory) {
    this.in = in;
    this.tensors = tensors;
    this.calls = new PickleCalls(in, tensors);
    this.stack = new PickleStack(in, mostMemory);
  }

  /** Runs the pickle and returns its result. */
  Object load() throws IOException {
    for (int op = in.uint8(); op != '.'; op = in.uint8()) {
      if (!number(op) && !text(op) && !container(op) && !remember(op) && !object(op)) {
        if (protocol < 2) { // the first opcode states the protocol
          throw in.error(OLD_PROTOCOL);
        }
        throw in.error(
            "pickle opcode expected one of protocol 2 to 5, got 0x%02x at byte %d",
            op, in.position() - 1);
      }
    }
    return stack.pop();
  }

  private boolean number(int op) throws IOException {
    switch (op) {
      case 'N' -> stack.push(NONE, 0);
      case 0x88 -> stack.push(true, 0);
      case 0x89 -> stack.push(false, 0);
      case 'J' -> stack.push((long) in.int32(), BOXED);
      case 'K' -> stack.push((long) in.uint8(), 0); // the JVM caches most of them
      case 'M' -> stack.push((long) in.uint16(), BOXED);
      case 0x8a -> pushInteger(in.uint8());
      case 0x8b -> pushInteger(in.uint32());
      case 'G' -> stack.push(in.float64(), BOXED);
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean text(int op) throws IOException {
    switch (op) {
      case 'X' -> pushText(in.uint32());
      case 0x8c -> pushText(in.uint8());
      case 0x8d -> pushText(in.int64());
      case 'T' -> pushText(in.uint32()); // Python 2's str
      case 'U' -> pushText(in.uint8());
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
      case '(' -> stack.mark();
      case ')' -> stack.push(List.of(), 0);
      case 0x85 -> pushTuple(stack.take(1));
      case 0x86 -> pushTuple(stack.take(2));
      case 0x87 -> pushTuple(stack.take(3));
      case 't' -> pushTuple(stack.takeToMark());
      case ']' -> stack.push(new ArrayList<>(), OBJECT);
      case 'l' -> {
        Object[] items = stack.takeToMark();
        stack.push(new ArrayList<>(), OBJECT);
        append(items);
      }
      case 'a' -> append(stack.take(1));
      case 'e' -> append(stack.takeToMark());
      case '}' -> stack.push(new LinkedHashMap<>(), DICT);
      case 'd' -> {
        Object[] pairs = stack.takeToMark();
        stack.push(new LinkedHashMap<>(), DICT);
        put(pairs);
      }
      case 's' -> put(stack.take(2));
      case 'u' -> put(stack.takeToMark());
      case 0x8f -> stack.push(new PickledObject("a set"), OBJECT);
      case 0x90 -> stack.takeToMark(); // items of a set
      case 0x91 -> {
        stack.takeToMark();
        stack.push(new PickledObject("a set"), OBJECT);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean remember(int op) throws IOException {
    switch (op) {
      case '0' -> stack.pop();
      case '1' -> stack.takeToMark();
      case '2' -> stack.push(stack.top(), 0);
      case 'q' -> keep(in.uint8());
      case 'r' -> keep(in.uint32());
      case 0x94 -> keep(memo.size());
      case 'h' -> stack.push(recall(in.uint8()), 0);
      case 'j' -> stack.push(recall(in.uint32()), 0);
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean object(int op) throws IOException {
    switch (op) {
      case 0x80 -> setProtocol(in.uint8());
      case 0x95 -> in.int64(); // the length of a frame, which only streams need
      case 'c' -> stack.push(named(in.line(), in.line()), OBJECT);
      case 0x93 -> {
        Object[] names = stack.take(2);
        stack.push(named(names[0], names[1]), OBJECT);
      }
      case 'Q' -> stack.push(tensors.storage(stack.pop()), STORAGE);
      case 'R', 0x81 -> {
        Object arguments = stack.pop();
        pushCall(stack.pop(), arguments);
      }
      case 0x92 -> {
        Object[] parts = stack.take(3); // class, arguments, keywords
        pushCall(parts[0], parts[1]);
      }
      case 'b' -> requireAttributes(stack.pop(), stack.top());
      default -> {
        return false;
      }
    }
    return true;
  }

  private void setProtocol(int number) throws CheckpointException {
    if (number < 2 || number > 5) {
      throw in.error("pickle protocol expected 2 to 5, got %d; save it again", number);
    }
    this.protocol = number;
  }

  private PickleClass named(Object module, Object name) throws CheckpointException {
    if (!(module instanceof String first) || !(name instanceof String second)) {
      throw in.error("pickle expected a name at byte %d, got another value", in.position() - 1);
    }
    stack.charge(TEXT + 2L * (first.length() + second.length()));
    if (protocol < 3) {
      return calls.named(PythonNames.ofPython3(first, second));
    }
    return calls.named(first + "." + second);
  }

  /**
   * Checks the state that a tensor receives after its construction: attributes, which change no
   * number.
   */
  private void requireAttributes(Object state, Object object) throws CheckpointException {
    boolean attributes = state instanceof Map<?, ?> || state instanceof List<?> || state == NONE;
    if (object instanceof PickledTensor && (!attributes || calls.holdsStorage(state))) {
      throw in.error("tensor expected whole at byte %d, got it changed", in.position() - 1);
    }
  }

  private void append(Object[] items) throws CheckpointException {
    if (stack.top() instanceof ArrayList<?>) {
      @SuppressWarnings("unchecked") // lists are made above
      ArrayList<Object> list = (ArrayList<Object>) stack.top();
      stack.charge((long) REFERENCE * items.length);
      Collections.addAll(list, items);
    } else if (!(stack.top() instanceof PickledObject)) {
      throw in.error("pickle expected a list at byte %d, got another value", in.position() - 1);
    }
  }

  private void put(Object[] pairs) throws CheckpointException {
    if (pairs.length % 2 != 0) {
      throw in.error("pickle expected keys and values at byte %d, got an odd one", in.position());
    }
    stack.charge((long) ENTRY * pairs.length / 2);
    for (int i = 0; i < pairs.length; i += 2) {
      Object key = PickleKey.of(pairs[i]);
      stack.charge(key instanceof PickleKey ? key.toString().length() + OBJECT : 0);
      if (stack.top() instanceof Map<?, ?>) {
        @SuppressWarnings("unchecked") // dicts are made above
        Map<Object, Object> dict = (Map<Object, Object>) stack.top();
        dict.put(key, pairs[i + 1]);
      } else if (stack.top() instanceof PickledObject object) {
        object.put(key, pairs[i + 1]);
      } else {
        throw in.error("pickle expected a dict at byte %d, got another value", in.position() - 1);
      }
    }
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

  private void pushInteger(long bytes) throws IOException {
    stack.charge(2 * bytes);
    stack.push(integer(in.bytes(bytes)), OBJECT);
  }

  private void pushText(long bytes) throws IOException {
    if (bytes < 0 || bytes > LONGEST_TEXT) {
      in.skip(bytes);
      stack.push(new PickledObject("a long str"), OBJECT);
    } else {
      String text = in.utf8(bytes);
      stack.push(text, TEXT + (text.length() == bytes ? bytes : 2 * bytes)); // ASCII, or unknown
    }
  }

  private void pushBytes(long count) throws IOException {
    in.skip(count);
    stack.push(new PickledObject("bytes"), OBJECT);
  }

  private void pushTuple(Object[] items) throws CheckpointException {
    stack.push(List.of(items), OBJECT + (long) REFERENCE * items.length);
  }

  private void pushCall(Object called, Object arguments) throws CheckpointException {
    if (!(called instanceof PickleClass of) || !(arguments instanceof List<?> given)) {
      throw in.error("pickle expected a call at byte %d, got other values", in.position() - 1);
    }
    boolean dict = of.kind() == PickleClass.Kind.DICT;
    if (dict && !given.isEmpty() && given.get(0) instanceof List<?> pairs) {
      stack.charge((long) ENTRY * pairs.size());
    }
    Object made = calls.call(of, given);
    if (made instanceof PickledTensor tensor) {
      stack.charge(TENSOR + 2L * Long.BYTES * tensor.size().length);
    }
    stack.push(made, dict ? DICT : OBJECT);
  }

  private void keep(long index) throws CheckpointException {
    stack.charge(index > memo.size() ? ENTRY + BOXED : REFERENCE);
    memo.put(index, stack.top());
  }

  private Object recall(long index) throws CheckpointException {
    @Nullable Object value = memo.get(index);
    if (value == null) {
      throw in.error("pickle expected a value kept as %d, got none", index);
    }
    return value;
  }
}
