package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;

/** The positions of a tensor's elements in its storage, counted in elements. Immutable. */
public final class Layout {
  private final long offset;
  private final Shape shape;
  private final long[] strides;

  private Layout(long offset, Shape shape, long[] strides) {
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** Row-major without gaps, from the start of the storage. */
  public static Layout dense(Shape shape) {
    return of(shape, denseStrides(shape));
  }

  /** From the start of the storage, with these strides. */
  public static Layout of(Shape shape, long[] strides) {
    return new Layout(0, shape, strides.clone());
  }

  /** Another shape and other strides, {@code elements} further on. */
  public Layout view(long elements, Shape newShape, long[] newStrides) {
    return new Layout(offset + elements, newShape, newStrides.clone());
  }

  public static long[] denseStrides(Shape shape) {
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape.dim(i);
    }
    return strides;
  }

  long offset() {
    return offset;
  }

  Shape shape() {
    return shape;
  }

  long[] strides() {
    return strides.clone();
  }

  public boolean hasStrides(long[] expected) {
    return Arrays.equals(strides, expected);
  }

  /** Whether elements lie row-major without gaps; an axis of length 1 may have any stride. */
  boolean isDense() {
    long expected = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      long length = shape.dim(i);
      if (length != 1 && strides[i] != expected) {
        return shape.size() == 0;
      }
      expected *= length;
    }
    return true;
  }
}
