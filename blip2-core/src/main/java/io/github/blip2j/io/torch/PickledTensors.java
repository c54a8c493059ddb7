package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.UnreadableTensor;
import io.github.blip2j.io.torch.PickledTensor.Storage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes storages and tensors from the arguments in a pickle, all of which are checked: a tensor
 * must lie within its storage, and its byte size must be representable. The arguments are those of
 * PyTorch's {@code torch/_utils.py}.
 */
final class PickledTensors {
  static final int MOST_AXES = 64; // as in PyTorch
  private static final int LONGEST_KEY = 100;
  private static final String NEGATED = "neg";
  private static final String CONJUGATED = "conj";
  private static final Set<String> NEGATABLE =
      Set.of("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8");

  private final PickleInput in;
  private final Map<String, Storage> storages = new HashMap<>();

  /** For errors in {@code in}. */
  PickledTensors(PickleInput in) {
    this.in = in;
  }

  /** All storages so far, by key. */
  Map<String, Storage> storages() {
    return storages;
  }

  /**
   * The storage of a persistent id: {@code ("storage", class, key, location, count)}, to which old
   * files add {@code None} or a view of the storage.
   */
  Storage storage(Object id) throws CheckpointException {
    if (!(id instanceof List<?> parts)
        || parts.size() < 5
        || !(parts.get(1) instanceof PickleClass of)
        || of.kind() != PickleClass.Kind.STORAGE
        || !(parts.get(2) instanceof String key)
        || key.length() > LONGEST_KEY
        || !(parts.get(4) instanceof Long count)) {
      throw in.error("pickle expected a storage at byte %d, got another id", in.position());
    }
    if (parts.size() > 5 && parts.get(5) != Pickle.NONE) {
      throw in.error("storage %s expected whole, got a view of another; save it again", key);
    }
    if (count < 0 || count > Long.MAX_VALUE / PickleClass.byteSize(of.type())) {
      throw in.error("storage %s expected fewer than 2^63 bytes, got %d elements", key, count);
    }
    Storage before = storages.get(key);
    if (before == null) {
      before = new Storage(key, of.type(), count);
      storages.put(key, before);
    } else if (before.count() != count || !before.type().equals(of.type())) {
      throw in.error(
          "storage %s expected %d %s, got %d %s",
          key, before.count(), before.type(), count, of.type());
    }
    return before;
  }

  /**
   * The tensor of {@code (storage, offset, size, stride, requires_grad, hooks, metadata)}, where
   * the last and, in the oldest files, the last three may be missing; if typed, with the element
   * type before the metadata.
   *
   * @return a {@link PickledTensor}, or an {@link UnreadableTensor} if the metadata are unknown
   */
  Object tensor(List<?> arguments, boolean typed) throws CheckpointException {
    int metadata = typed ? 7 : 6;
    if (arguments.size() < (typed ? 7 : 4)
        || arguments.size() > metadata + 1
        || !(arguments.get(0) instanceof Storage storage)
        || !(arguments.get(1) instanceof Long offset)
        || !(arguments.get(2) instanceof List<?> size)
        || !(arguments.get(3) instanceof List<?> stride)) {
      throw in.error("pickle expected a tensor at byte %d, got other arguments", in.position());
    }
    String type = typed ? type(arguments.get(6)) : storage.type();
    boolean negated = false;
    String unknown = null;
    Map<?, ?> told = arguments.size() > metadata ? metadata(arguments.get(metadata)) : Map.of();
    for (Map.Entry<?, ?> each : told.entrySet()) {
      boolean set = !Boolean.FALSE.equals(each.getValue());
      if (set && each.getKey().equals(NEGATED) && NEGATABLE.contains(type)) {
        negated = true;
      } else if (set && !(each.getKey().equals(CONJUGATED) && !type.startsWith("C"))) {
        unknown = shortened(each.getKey()); // a conjugate of real numbers is unchanged
      }
    }
    var tensor =
        new PickledTensor(storage, type, offset, naturals(size), naturals(stride), negated);
    requireWithin(tensor);
    return unknown == null
        ? tensor
        : new UnreadableTensor(UnreadableTensor.withMetadata(unknown), tensor.size());
  }

  private static String shortened(Object key) {
    String text = key.toString();
    return text.length() <= LONGEST_KEY ? text : text.substring(0, LONGEST_KEY) + "...";
  }

  private Map<?, ?> metadata(Object told) throws CheckpointException {
    if (told instanceof Map<?, ?> map) {
      return map;
    }
    if (told == Pickle.NONE) {
      return Map.of();
    }
    throw in.error("tensor metadata expected a dict at byte %d, got another", in.position());
  }

  /**
   * A tensor as an object of a class: {@code (call, class, its arguments, attributes)}; {@code
   * made} is the result of the call. Attributes change no number, and neither do classes of a
   * model's own code that derive from a tensor of real numbers. Integers may be codes.
   */
  static Object ofClass(PickleClass of, Object made) {
    boolean plain =
        of.kind() == PickleClass.Kind.FIRST || of.name().equals("torch.Tensor") || isReal(made);
    return plain || !(made instanceof PickledTensor tensor)
        ? made
        : new UnreadableTensor(UnreadableTensor.ofClass(of.name()), tensor.size());
  }

  private static boolean isReal(Object made) {
    return made instanceof PickledTensor tensor && TensorEntry.isFloating(tensor.type());
  }

  /** The tensor of {@code (tensor, type, device, requires_grad)}. */
  Object ofDevice(List<?> arguments) throws CheckpointException {
    if (arguments.size() != 4) {
      throw in.error("pickle expected a tensor at byte %d, got other arguments", in.position());
    }
    String type = type(arguments.get(1));
    if (arguments.get(0) instanceof PickledTensor tensor) {
      return tensor.type().equals(type)
          ? tensor
          : new UnreadableTensor(UnreadableTensor.ofDevice(tensor.type()), tensor.size());
    }
    return new UnreadableTensor(UnreadableTensor.ofDevice("an array of NumPy"), new long[0]);
  }

  /** A tensor that cannot be read, with its size if the arguments have it in the expected place. */
  UnreadableTensor unreadable(PickleClass.Kind kind, List<?> arguments) throws CheckpointException {
    return switch (kind) {
      case SPARSE -> new UnreadableTensor(UnreadableTensor.SPARSE, sparseSize(arguments));
      case QUANTIZED -> new UnreadableTensor(UnreadableTensor.QUANTIZED, sizeAt(arguments, 2));
      case META -> new UnreadableTensor(UnreadableTensor.META, sizeAt(arguments, 1));
      case WRAPPER -> new UnreadableTensor(wrapper(arguments), sizeAt(arguments, 2));
      default -> new UnreadableTensor(UnreadableTensor.NESTED, new long[0]);
    };
  }

  /**
   * The size in {@code (layout, (indices, values, size, ...))}, or in CSR's arguments, which have
   * one more part.
   */
  private long[] sparseSize(List<?> arguments) throws CheckpointException {
    if (arguments.size() == 2 && arguments.get(1) instanceof List<?> data) {
      for (Object part : data) {
        if (part instanceof List<?> size) {
          return naturals(size);
        }
      }
    }
    return new long[0];
  }

  private long[] sizeAt(List<?> arguments, int index) throws CheckpointException {
    return arguments.size() > index && arguments.get(index) instanceof List<?> size
        ? naturals(size)
        : new long[0];
  }

  private static String wrapper(List<?> arguments) {
    boolean named = !arguments.isEmpty() && arguments.get(0) instanceof PickleClass;
    return UnreadableTensor.ofClass(
        named ? ((PickleClass) arguments.get(0)).name() : "a class of its own");
  }

  private String type(Object argument) throws CheckpointException {
    if (argument instanceof PickleClass of && of.kind() == PickleClass.Kind.TYPE) {
      return of.type();
    }
    throw in.error("pickle expected an element type at byte %d, got another", in.position());
  }

  private long[] naturals(List<?> list) throws CheckpointException {
    if (list.size() > MOST_AXES) {
      throw in.error("tensor expected at most %d axes, got %d", MOST_AXES, list.size());
    }
    long[] numbers = new long[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!(list.get(i) instanceof Long number) || number < 0) {
        throw in.error("tensor sizes expected integers from 0, got another at %d", in.position());
      }
      numbers[i] = number;
    }
    return numbers;
  }

  private void requireWithin(PickledTensor tensor) throws CheckpointException {
    Storage storage = tensor.storage();
    boolean within = tensor.size().length == tensor.stride().length && tensor.offset() >= 0;
    long end = tensor.offset();
    long bytes = tensor.elementBytes();
    try {
      for (int axis = 0; within && axis < tensor.size().length; axis++) {
        long steps = Math.max(0, tensor.size()[axis] - 1);
        end = Math.addExact(end, Math.multiplyExact(steps, tensor.stride()[axis]));
        bytes = Math.multiplyExact(bytes, tensor.size()[axis]);
      }
      end = Math.multiplyExact(Math.addExact(end, bytes == 0 ? 0 : 1), tensor.elementBytes());
      within &= bytes == 0 || end <= storage.byteSize();
    } catch (ArithmeticException e) {
      within = false;
    }
    if (!within) {
      throw in.error(
          "tensor expected within the %d elements of storage %s, got offset %d, size %s, stride %s",
          storage.count(),
          storage.key(),
          tensor.offset(),
          list(tensor.size()),
          list(tensor.stride()));
    }
  }

  private static String list(long[] numbers) {
    return Arrays.toString(numbers);
  }
}
