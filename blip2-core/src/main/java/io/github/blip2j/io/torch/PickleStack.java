package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import java.util.ArrayList;
import java.util.List;

/** The interpreter's stack, with a count of the memory of all values that were ever on it. */
final class PickleStack {
  static final int REFERENCE = 8;
  static final int BOXED = 24;

  private final PickleInput in;
  private final long mostMemory;
  private final List<Object> values = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>(); // heights
  private long memory;
  private int highest;

  /** An empty stack with a memory limit. */
  PickleStack(PickleInput in, long mostMemory) {
    this.in = in;
    this.mostMemory = mostMemory;
  }

  /**
   * Pushes a value that takes so many bytes, 0 if it existed before.
   *
   * @throws CheckpointException if all values together exceed the limit
   */
  void push(Object value, long bytes) throws CheckpointException {
    values.add(value);
    if (values.size() > highest) {
      highest = values.size();
      charge(REFERENCE);
    }
    charge(bytes);
  }

  /** Counts additional memory. */
  void charge(long bytes) throws CheckpointException {
    memory += bytes;
    if (memory > mostMemory) {
      throw in.error(
          "pickle expected to take at most %d MB of memory, got more; %s",
          mostMemory >> 20, "save the state_dict alone, or give Java a larger heap");
    }
  }

  /** Marks the stack's height, for {@link #takeToMark}. */
  void mark() throws CheckpointException {
    charge(BOXED);
    marks.add(values.size());
  }

  /** Pops the values since the last mark, and the mark. */
  Object[] takeToMark() throws CheckpointException {
    if (marks.isEmpty()) {
      throw underflow();
    }
    int height = marks.remove(marks.size() - 1);
    if (height > values.size()) {
      throw underflow();
    }
    return take(values.size() - height);
  }

  /** Pops values, in the order of their pushes. */
  Object[] take(int count) throws CheckpointException {
    if (count > values.size()) {
      throw underflow();
    }
    List<Object> last = values.subList(values.size() - count, values.size());
    Object[] taken = last.toArray();
    last.clear();
    return taken;
  }

  Object pop() throws CheckpointException {
    return take(1)[0];
  }

  Object top() throws CheckpointException {
    if (values.isEmpty()) {
      throw underflow();
    }
    return values.get(values.size() - 1);
  }

  private CheckpointException underflow() {
    return in.error("pickle expected a value at byte %d, got an empty stack", in.position() - 1);
  }
}
