package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;

/**
 * A tensor without history: temporaries of kernels, and views of their arguments. It belongs to the
 * innermost {@link Workspace} of the thread or, for a view, to the owner of the viewed memory.
 */
public final class PlainTensor extends RawTensor {
  PlainTensor(Storage storage, Layout layout, DType dtype) {
    super(storage, layout, dtype, null);
  }

  /** Uninitialized dense memory for the result of {@code op}, on the backend of an operand. */
  public static PlainTensor uninitialized(RawTensor operand, String op, DType dtype, Shape shape) {
    Storage storage = Storage.allocate(operand.backend(), op, dtype.bytes(shape, op));
    return new PlainTensor(storage, Layout.dense(shape), dtype);
  }

  /** Uninitialized memory for the result of {@code op}, of the type and shape of {@code x}. */
  public static PlainTensor like(String op, RawTensor x) {
    return uninitialized(x, op, x.dtype(), x.shape());
  }

  /** A tensor on memory that belongs to {@code owner}, which is kept alive. */
  public static PlainTensor wrap(
      Backend backend, long address, DType dtype, Layout layout, Object owner) {
    return new PlainTensor(new ForeignStorage("of", backend, address, owner), layout, dtype);
  }

  /** A view of the memory of {@code x} with another layout, {@code offset} elements further on. */
  public static PlainTensor view(RawTensor x, long offset, Shape shape, long[] strides) {
    x.requirePlain();
    return new PlainTensor(x.storage, x.layout.view(offset, shape, strides), x.dtype());
  }

  /** Dense memory with another shape of the same size. */
  public static PlainTensor reshaped(RawTensor dense, long... dims) {
    Shape shape = Shape.of(dims);
    return view(dense, 0, shape, Layout.denseStrides(shape));
  }

  /** {@code length} positions of an axis, from {@code start} on. */
  public static PlainTensor narrow(RawTensor x, int axis, long start, long length) {
    long[] strides = x.strides();
    return view(x, start * strides[axis], x.shape().with(axis, length), strides);
  }

  /** One row of a matrix, as a vector. */
  public static PlainTensor row(RawTensor matrix, long index) {
    long[] strides = matrix.strides();
    return view(matrix, index * strides[0], Shape.of(matrix.dim(1)), new long[] {strides[1]});
  }

  /** A view with the last two axes exchanged. */
  public static PlainTensor transpose(RawTensor x) {
    long[] dims = x.shape().toArray();
    long[] strides = x.strides();
    int last = dims.length - 1;
    swap(dims, last);
    swap(strides, last);
    return view(x, 0, Shape.of(dims), strides);
  }

  private static void swap(long[] numbers, int last) {
    long number = numbers[last];
    numbers[last] = numbers[last - 1];
    numbers[last - 1] = number;
  }

  /** {@code x} cast to another type by these kernels, or {@code x} itself if it has that type. */
  public static RawTensor cast(Kernels kernels, RawTensor x, DType type) {
    PackedWeight packing = x.packing();
    if (packing != null) {
      PlainTensor plain = like("copy", x);
      packing.unpack(0, plain);
      return cast(kernels, plain, type);
    }
    return x.dtype() == type ? x : copy(kernels, x, type);
  }

  /** {@code x} in dense row-major order: a copy by these kernels, or {@code x} itself. */
  public static RawTensor dense(Kernels kernels, RawTensor x) {
    return x.isDense() ? x : copy(kernels, x, x.dtype());
  }

  private static PlainTensor copy(Kernels kernels, RawTensor x, DType type) {
    PlainTensor out = uninitialized(x, "copy", type, x.shape());
    if (x.size() > 0) {
      kernels.copy(x, out);
    }
    return out;
  }
}
