package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What kernels read and write: memory with a shape and a type, which knows nothing of what it was
 * computed from. {@code Tensor} adds a history to it; kernels make {@link PlainTensor}s without.
 */
public abstract class RawTensor {
  /** The memory, which views share. */
  protected final Storage storage;

  /** Where in it the elements are. */
  protected final Layout layout;

  private final DType dtype;
  private final @Nullable PackedWeight packing; // null: plain memory
  private volatile @Nullable Object counterpart; // made by the first thread that needs it

  /** Elements that lie somewhere in a memory. */
  protected RawTensor(Storage storage, Layout layout, DType dtype, @Nullable PackedWeight packing) {
    this.storage = storage;
    this.layout = layout;
    this.dtype = dtype;
    this.packing = packing;
  }

  /** A packed matrix, which has the type float32. */
  protected RawTensor(PackedWeight packing) {
    this(packing.bytes().storage, Layout.dense(packing.shape()), DType.FLOAT32, packing);
  }

  /** A tensor that shares the memory of another. */
  protected RawTensor(RawTensor other) {
    this(other.storage, other.layout, other.dtype, other.packing);
  }

  /** Lengths of the axes. */
  public final Shape shape() {
    return layout.shape();
  }

  /** Length of one axis; {@code -1} is the last. */
  public final long dim(int axis) {
    return shape().dim(axis);
  }

  /** Number of axes. */
  public final int rank() {
    return shape().rank();
  }

  /** Number of elements. */
  public final long size() {
    return shape().size();
  }

  /** Type of the elements. */
  public final DType dtype() {
    return dtype;
  }

  /** Address of the first element, for kernel providers; valid until the scope ends. */
  public final long address() {
    requirePlain();
    return storage.address() + layout.offset() * dtype.byteSize();
  }

  /**
   * Elements from the first one to the end of this memory, for kernel providers: what a kernel may
   * read beyond a view, whose content it then has to ignore. 0 where the end is not known.
   */
  public final long room() {
    return Math.max(0, storage.size() / dtype.byteSize() - layout.offset());
  }

  /** How this matrix is packed, for kernel providers; null if it is plain. */
  public final @Nullable PackedWeight packing() {
    return packing;
  }

  /** Distance between neighbours along each axis, in elements, for kernel providers. */
  public final long[] strides() {
    return layout.strides();
  }

  /** Whether elements lie row-major without gaps. */
  public final boolean isDense() {
    return layout.isDense();
  }

  /**
   * What a provider's library has in place of this tensor, for kernel providers: made once, then
   * the same for as long as this object lives.
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
   * Refuses a packed matrix.
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
