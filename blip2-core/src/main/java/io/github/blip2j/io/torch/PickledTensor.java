package io.github.blip2j.io.torch;

/**
 * A tensor as a pickle describes it: a view of a storage.
 *
 * @param type element type as safetensors spells it
 * @param offset elements of the storage before the first of the tensor
 * @param size axis lengths
 * @param stride elements of the storage from one step to the next along each axis
 * @param negated whether the tensor is the storage's numbers with the other sign, as views that
 *     PyTorch makes of conjugates are
 */
@SuppressWarnings("ArrayRecordComponent") // made once, compared never, and kept within this package
record PickledTensor(
    Storage storage, String type, long offset, long[] size, long[] stride, boolean negated) {

  /**
   * Memory that tensors share, as a pickle describes it.
   *
   * @param key what the file calls it
   * @param count elements in it
   */
  record Storage(String key, String type, long count) {
    long byteSize() {
      return count * PickleClass.byteSize(type); // checked when it was described
    }
  }

  /** Number of elements. */
  long count() {
    long count = 1;
    for (long length : size) {
      count *= length; // checked when it was described
    }
    return count;
  }

  int elementBytes() {
    return PickleClass.byteSize(type);
  }

  /**
   * How many elements at the end of the order lie one after the other, and so are read at once: all
   * of them in a dense tensor.
   */
  long run() {
    long run = 1;
    for (int axis = size.length - 1; axis >= 0; axis--) {
      if (size[axis] != 1 && stride[axis] != run) {
        return run;
      }
      run *= size[axis];
    }
    return run;
  }

  /** Elements from the first of the tensor to the last in the storage, both counted. */
  long span() {
    long last = 0;
    for (int axis = 0; axis < size.length; axis++) {
      last += (size[axis] - 1) * stride[axis];
    }
    return count() == 0 ? 0 : last + 1;
  }

  /** Where an element lies, counted from the first: {@code index} is its place in row order. */
  long place(long index) {
    long rest = index;
    long place = 0;
    for (int axis = size.length - 1; axis >= 0; axis--) {
      place += rest % size[axis] * stride[axis];
      rest /= size[axis];
    }
    return place;
  }
}
