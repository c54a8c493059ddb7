package io.github.blip2j.io.torch;

/**
 * A tensor as a pickle describes it: a view of a storage.
 *
 * @param type element type as safetensors spells it
 * @param offset elements of the storage before the first of the tensor
 * @param size axis lengths
 * @param stride stride of each axis in elements of the storage
 * @param negated whether signs are reversed, as in PyTorch's views of conjugates
 */
@SuppressWarnings("ArrayRecordComponent") // created once, never compared, internal
record PickledTensor(
    Storage storage, String type, long offset, long[] size, long[] stride, boolean negated) {

  /**
   * Memory that tensors share.
   *
   * @param key its name in the file
   * @param count number of elements
   */
  record Storage(String key, String type, long count) {
    long byteSize() {
      return count * PickleClass.byteSize(type); // overflow was checked earlier
    }
  }

  /** Number of elements. */
  long count() {
    long count = 1;
    for (long length : size) {
      count *= length; // overflow was checked earlier
    }
    return count;
  }

  int elementBytes() {
    return PickleClass.byteSize(type);
  }

  /**
   * The number of trailing elements, in row order, that are contiguous and can be read at once; all
   * of them for a dense tensor.
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

  /**
   * The number of storage elements from the first to the last element of the tensor, both included.
   */
  long span() {
    long last = 0;
    for (int axis = 0; axis < size.length; axis++) {
      last += (size[axis] - 1) * stride[axis];
    }
    return count() == 0 ? 0 : last + 1;
  }

  /**
   * The storage offset of an element, relative to the first; {@code index} is its position in row
   * order.
   */
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
