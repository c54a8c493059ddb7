package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import java.util.Arrays;
import org.bytedeco.dnnl.memory;

/**
 * The layout of a tensor in memory: element type, lengths and strides; a primitive depends on
 * nothing else.
 */
public final class Layout {
  private final memory.data_type type;
  private final long[] dims;
  private final long[] strides;
  private final int hash;

  private Layout(memory.data_type type, long[] dims, long[] strides) {
    this.type = type;
    this.dims = dims;
    this.strides = strides;
    this.hash = 31 * (31 * type.value + Arrays.hashCode(dims)) + Arrays.hashCode(strides);
  }

  /** A layout with these lengths and strides. */
  public static Layout of(memory.data_type type, long[] dims, long[] strides) {
    return new Layout(type, dims, strides);
  }

  /** Row-major without gaps. */
  public static Layout dense(memory.data_type type, long... dims) {
    long[] strides = new long[dims.length];
    long step = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = step;
      step *= dims[i];
    }
    return new Layout(type, dims, strides);
  }

  /** A dense float32 matrix. */
  public static Layout matrix(long rows, long columns) {
    return new Layout(memory.data_type.f32, new long[] {rows, columns}, new long[] {columns, 1});
  }

  /** The tensor's layout; a scalar is a vector of length 1. */
  public static Layout of(RawTensor tensor) {
    if (tensor.rank() == 0) {
      return dense(type(tensor.dtype()), 1);
    }
    return new Layout(type(tensor.dtype()), tensor.shape().toArray(), tensor.strides());
  }

  /** A dense tensor as rows of its last axis. */
  public static Layout rows(RawTensor dense) {
    long columns = dense.rank() == 0 ? 1 : dense.dim(-1);
    return dense(type(dense.dtype()), dense.size() / columns, columns);
  }

  /** The axes in another order. */
  public Layout permute(int... order) {
    long[] newDims = new long[order.length];
    long[] newStrides = new long[order.length];
    for (int i = 0; i < order.length; i++) {
      newDims[i] = dims[order[i]];
      newStrides[i] = strides[order[i]];
    }
    return new Layout(type, newDims, newStrides);
  }

  /** The last two axes exchanged. */
  public Layout transpose() {
    long[] newDims = dims.clone();
    long[] newStrides = strides.clone();
    int last = dims.length - 1;
    newDims[last] = dims[last - 1];
    newDims[last - 1] = dims[last];
    newStrides[last] = strides[last - 1];
    newStrides[last - 1] = strides[last];
    return new Layout(type, newDims, newStrides);
  }

  /** This layout with axes of stride 0 as axes of length 1, which primitives broadcast. */
  public Layout unrepeated() {
    long[] newDims = dims.clone();
    for (int i = 0; i < newDims.length; i++) {
      if (strides[i] == 0) {
        newDims[i] = 1;
      }
    }
    return Arrays.equals(newDims, dims) ? this : dense(newDims);
  }

  /** This layout with leading axes of length 1 up to rank {@code rank}. */
  public Layout padded(int rank) {
    if (rank == dims.length) {
      return this;
    }
    long[] newDims = new long[rank];
    long[] newStrides = new long[rank];
    int added = rank - dims.length;
    long whole = dims.length == 0 ? 1 : dims[0] * strides[0];
    Arrays.fill(newDims, 0, added, 1);
    Arrays.fill(newStrides, 0, added, whole);
    System.arraycopy(dims, 0, newDims, added, dims.length);
    System.arraycopy(strides, 0, newStrides, added, dims.length);
    return new Layout(type, newDims, newStrides);
  }

  /**
   * The layout of this memory of two-byte elements as bytes, with an axis for the bytes of an
   * element.
   */
  Layout bytes() {
    long[] newDims = Arrays.copyOf(dims, dims.length + 1);
    long[] newStrides = Arrays.copyOf(strides, dims.length + 1);
    for (int i = 0; i < dims.length; i++) {
      newStrides[i] *= Short.BYTES;
    }
    newDims[dims.length] = Short.BYTES;
    newStrides[dims.length] = 1;
    return new Layout(memory.data_type.s8, newDims, newStrides);
  }

  public memory.desc desc() {
    return new memory.desc(dims, type, strides);
  }

  public long dim(int axis) {
    return dims[axis < 0 ? dims.length + axis : axis];
  }

  public long stride(int axis) {
    return strides[axis < 0 ? dims.length + axis : axis];
  }

  /** The number of elements, counting repeated ones. */
  public long size() {
    long size = 1;
    for (long dim : dims) {
      size *= dim;
    }
    return size;
  }

  public boolean isFloat() {
    return type == memory.data_type.f32;
  }

  public int rank() {
    return dims.length;
  }

  /** Whether one of the last two axes is contiguous, as matrix products require. */
  public boolean isMatrix() {
    int last = dims.length - 1;
    boolean byRows = strides[last] == 1 || dims[last] == 1;
    boolean byColumns = strides[last - 1] == 1 || dims[last - 1] == 1;
    return byRows || byColumns;
  }

  /**
   * Whether oneDNN 3.11's product of many matrices may read wrong numbers of this factor. Found by
   * products of random views, all of which were right that this lets through: wrong were
   *
   * <ul>
   *   <li>right factors with a single row, unless they are dense;
   *   <li>factors whose first axis is not the outermost one;
   *   <li>[B, H, T, D] where the first axis steps over as many numbers as B H of the second would,
   *       unless T or D lies between them without gaps: B beams within a cache of B positions.
   * </ul>
   */
  public boolean isMisread(boolean right) {
    int last = dims.length - 1;
    if (last < 2 || isDense()) {
      return false;
    }
    if (last > 3 || (right && dims[last - 1] == 1) || !isFirstOutermost()) {
      return true;
    }
    return last == 3
        && strides[0] == dims[0] * dims[1] * strides[1]
        && !isBetween(2, 3)
        && !isBetween(3, 2);
  }

  /** Whether axis {@code i} lies between the first two without gaps, with {@code inner} inside. */
  private boolean isBetween(int i, int inner) {
    return strides[0] == dims[i] * strides[i]
        && strides[i] == dims[1] * strides[1]
        && strides[1] == dims[inner];
  }

  private boolean isFirstOutermost() {
    for (int i = 1; i < dims.length; i++) {
      if (dims[i] * strides[i] > strides[0]) {
        return false;
      }
    }
    return true;
  }

  private boolean isDense() {
    long step = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      if (dims[i] != 1 && strides[i] != step) {
        return false;
      }
      step *= dims[i];
    }
    return true;
  }

  public static memory.data_type type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> memory.data_type.f32;
      case BFLOAT16 -> memory.data_type.bf16;
      case FLOAT16 -> memory.data_type.f16;
      case FLOAT64 -> memory.data_type.f64;
      case INT32 -> memory.data_type.s32;
      case UINT8 -> memory.data_type.u8;
      case INT8 -> memory.data_type.s8;
      case INT64, BOOL -> memory.data_type.undef;
    };
  }

  private Layout dense(long[] newDims) {
    return dense(type, newDims);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Layout layout
        && layout.hash == hash
        && layout.type == type
        && Arrays.equals(layout.dims, dims)
        && Arrays.equals(layout.strides, strides);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
