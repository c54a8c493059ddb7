package io.github.blip2j.io;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes storages and tensors from the arguments that a pickle gives, and believes none of them: a
 * tensor lies within its storage, and its size is a number of bytes that exists.
 */
final class PickledTensors {
  private static final int MOST_AXES = 64; // as in PyTorch

  private final PickleInput in;
  private final Map<String, PickledTensor.Storage> storages = new TreeMap<>();

  /** For errors in {@code in}. */
  PickledTensors(PickleInput in) {
    this.in = in;
  }

  /** Every storage so far, by its key. */
  Map<String, PickledTensor.Storage> storages() {
    return storages;
  }

  /**
   * The storage of a persistent id: {@code ("storage", class, key, location, count)}, to which old
   * files add {@code None} or a view of the storage.
   */
  PickledTensor.Storage storage(Object id) throws CheckpointException {
    if (!(id instanceof List<?> parts)
        || parts.size() < 5
        || !(parts.get(1) instanceof PickleClass of)
        || of.kind() != PickleClass.Kind.STORAGE
        || !(parts.get(2) instanceof String key)
        || !(parts.get(4) instanceof Long count)) {
      throw in.error("pickle expected a storage at byte %d, got another id", in.position());
    }
    if (parts.size() > 5 && parts.get(5) != Pickle.NONE) {
      throw in.error("storage %s expected whole, got a view of another; save it again", key);
    }
    if (count < 0 || count > Long.MAX_VALUE / PickleClass.byteSize(of.type())) {
      throw in.error("storage %s expected fewer than 2^63 bytes, got %d elements", key, count);
    }
    var storage = new PickledTensor.Storage(key, of.type(), count);
    PickledTensor.Storage before = storages.putIfAbsent(key, storage);
    if (before != null && !before.equals(storage)) {
      throw in.error(
          "storage %s expected %d %s, got %d %s",
          key, before.count(), before.type(), count, of.type());
    }
    return storage;
  }

  /** The tensor of {@code (storage, offset, size, stride, ...)}. */
  PickledTensor tensor(List<?> arguments, boolean typed) throws CheckpointException {
    if (arguments.size() < (typed ? 7 : 4)
        || !(arguments.get(0) instanceof PickledTensor.Storage storage)
        || !(arguments.get(1) instanceof Long offset)
        || !(arguments.get(2) instanceof List<?> size)
        || !(arguments.get(3) instanceof List<?> stride)) {
      throw in.error("pickle expected a tensor at byte %d, got other arguments", in.position());
    }
    String type = typed ? type(arguments.get(6)) : storage.type();
    var tensor = new PickledTensor(storage, type, offset, naturals(size), naturals(stride));
    requireWithin(tensor);
    return tensor;
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
    PickledTensor.Storage storage = tensor.storage();
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
