package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An operand of kernels: memory with a shape and a type, without a history. {@code Tensor} adds the
 * history; kernels make {@link PlainTensor}s.
 */
public abstract class RawTensor {
  /** The memory, shared with views. */
  protected final Storage storage;

  /** The positions of the elements in the memory. */
  protected final Layout layout;

  private final DType dtype;
  private final @Nullable PackedWeight packing; // null: plain memory
  private volatile @Nullable Object counterpart; // made by the first thread that needs it

  /** A tensor on memory with a layout. */
  protected RawTensor(Storage storage, Layout layout, DType dtype, @Nullable PackedWeight packing) {
    this.storage = storage;
    this.layout = layout;
    this.dtype = dtype;
    this.packing = packing;
  }

  /** A packed matrix, whose type is float32. */
  protected RawTensor(PackedWeight packing) {
    this(packing.bytes().storage, Layout.dense(packing.shape()), DType.FLOAT32, packing);
  }

  /** A tensor that shares the memory of another. */
  protected RawTensor(RawTensor other) {
    this(other.storage, other.layout, other.dtype, other.packing);
  }

  /** The shape. */
  public final Shape shape() {
    return layout.shape();
  }

  /** The length of one axis; {@code -1} is the last. */
  public final long dim(int axis) {
    return shape().dim(axis);
  }

  /** The number of axes. */
  public final int rank() {
    return shape().rank();
  }

  /** The number of elements. */
  public final long size() {
    return shape().size();
  }

  /** The type of the elements. */
  public final DType dtype() {
    return dtype;
  }

  /** What this is computed with, and on whose memory it is. */
  public final Backend backend() {
    return storage.backend();
  }

  /**
   * The address of the first element on its backend's memory, for that backend's kernels; valid
   * until the scope ends.
   */
  public final long address() {
    requirePlain();
    return storage.address() + layout.offset() * dtype.byteSize();
  }

  /**
   * The {@link #address}, for kernels that compute in this machine's memory.
   *
   * @throws IllegalStateException if this is on the memory of a device
   */
  public final long hostAddress() {
    DeviceMemory memory = storage.backend().memory();
    if (!memory.isHost()) {
      throw new IllegalStateException(
          storage.op() + ": tensor expected in host memory, got one on " + memory.name());
    }
    return address();
  }

  /**
   * Counts a change of the memory by something else than an operation, such as a collective, so
   * that a backward pass that needs the former values fails.
   */
  public final void markChanged() {
    storage.changed();
  }

  /** The int64 values, if they are known without reading them; not to be changed. */
  public final long @Nullable [] hostValues() {
    long[] values = storage.hostValues();
    if (values == null || !isDense() || values.length == size()) {
      return isDense() ? values : null;
    }
    int first = Math.toIntExact(layout.offset());
    return Arrays.copyOfRange(values, first, first + Math.toIntExact(size()));
  }

  /**
   * The number of elements from the first one to the end of the memory, for kernel providers: a
   * kernel may read beyond a view up to here, and must ignore the content. 0 if the end is unknown.
   */
  public final long room() {
    return Math.max(0, storage.size() / dtype.byteSize() - layout.offset());
  }

  /** The packing of this matrix, for kernel providers; null if it is plain. */
  public final @Nullable PackedWeight packing() {
    return packing;
  }

  /** The stride of each axis in elements, for kernel providers. */
  public final long[] strides() {
    return layout.strides();
  }

  /** Whether elements lie row-major without gaps. */
  public final boolean isDense() {
    return layout.isDense();
  }

  /** Whether this and another tensor of the same backend have the same elements, in one order. */
  public final boolean sameElements(RawTensor other) {
    return packing == null
        && other.packing == null
        && dtype == other.dtype
        && address() == other.address()
        && Arrays.equals(strides(), other.strides());
  }

  /**
   * Whether writing this tensor could change an element of another one of the same backend: each
   * begins before the other's last element ends.
   */
  public final boolean overlaps(RawTensor other) {
    if (size() == 0 || other.size() == 0 || packing != null || other.packing != null) {
      return false;
    }
    return address() < other.end() && other.address() < end();
  }

  /** The address behind the last element; strides are 0 or more. */
  private long end() {
    long last = 0;
    long[] strides = strides();
    for (int axis = 0; axis < strides.length; axis++) {
      last += (dim(axis) - 1) * strides[axis];
    }
    return address() + (last + 1) * dtype.byteSize();
  }

  /**
   * The provider's own object for this tensor, for kernel providers. It is made once and kept as
   * long as this object lives.
   */
  public final <T> T counterpart(Class<T> type, Function<RawTensor, T> maker) {
    Object known = counterpart;
    if (type.isInstance(known)) {
      return type.cast(known);
    }
    T made = maker.apply(this);
    counterpart = made;
    return made;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s %s from %s", dtype, shape(), storage.op());
  }

  /**
   * Rejects a packed matrix.
   *
   * @throws IllegalStateException if this is one
   */
  protected final void requirePlain() {
    if (packing != null) {
      throw new IllegalStateException(
          "packed: plain memory expected, got a matrix "
              + shape()
              + " packed for linear maps; take its copy()");
    }
  }
}
