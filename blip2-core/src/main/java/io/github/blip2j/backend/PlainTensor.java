package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;

/**
 * Memory without a history: what kernels make on their way, and parts of what they are given. It
 * belongs to the innermost {@link Workspace} of the thread, or to whoever owns what it is a part
 * of.
 */
public final class PlainTensor extends RawTensor {
  PlainTensor(Storage storage, Layout layout, DType dtype) {
    super(storage, layout, dtype, null);
  }

  /** Uninitialized dense memory for the result of {@code op}. */
  public static PlainTensor uninitialized(String op, DType dtype, Shape shape) {
    return new PlainTensor(
        Storage.allocate(op, dtype.bytes(shape, op)), Layout.dense(shape), dtype);
  }

  /** Uninitialized memory for the result of {@code op}, of the type and shape of {@code x}. */
  public static PlainTensor like(String op, RawTensor x) {
    return uninitialized(op, x.dtype(), x.shape());
  }

  /** A tensor on memory that belongs to {@code owner}, which is kept alive. */
  public static PlainTensor wrap(
      long address, DType dtype, Shape shape, long[] strides, Object owner) {
    Storage storage = Storage.wrap("of", address, owner);
    return new PlainTensor(storage, Layout.of(shape, strides), dtype);
  }

  /** The memory of {@code x} from {@code offset} elements further on, seen otherwise. */
  public static PlainTensor view(RawTensor x, long offset, Shape shape, long[] strides) {
    x.requirePlain();
    return new PlainTensor(x.storage, x.layout.view(offset, shape, strides), x.dtype());
  }

  /** Dense memory in another shape of as many elements. */
  public static PlainTensor reshaped(RawTensor dense, long... dims) {
    Shape shape = Shape.of(dims);
    return view(dense, 0, shape, Layout.denseStrides(shape));
  }

  /** {@code length} positions of an axis from {@code start} on. */
  public static PlainTensor narrow(RawTensor x, int axis, long start, long length) {
    long[] strides = x.strides();
    return view(x, start * strides[axis], x.shape().with(axis, length), strides);
  }

  /** One position of the first axis of a matrix, which goes away. */
  public static PlainTensor row(RawTensor matrix, long index) {
    long[] strides = matrix.strides();
    return view(matrix, index * strides[0], Shape.of(matrix.dim(1)), new long[] {strides[1]});
  }

  /** The last two axes exchanged. */
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

  /** {@code x} in another type by these kernels' copy, or {@code x} itself where it has it. */
  public static RawTensor cast(Kernels kernels, RawTensor x, DType type) {
    PackedWeight packing = x.packing();
    if (packing != null) {
      PlainTensor plain = like("copy", x);
      packing.unpack(0, plain);
      return cast(kernels, plain, type);
    }
    return x.dtype() == type ? x : copy(kernels, x, type);
  }

  /** {@code x} row-major without gaps: a copy by these kernels, or {@code x} itself. */
  public static RawTensor dense(Kernels kernels, RawTensor x) {
    return x.isDense() ? x : copy(kernels, x, x.dtype());
  }

  private static PlainTensor copy(Kernels kernels, RawTensor x, DType type) {
    PlainTensor out = uninitialized("copy", type, x.shape());
    if (x.size() > 0) {
      kernels.copy(x, out);
    }
    return out;
  }
}
