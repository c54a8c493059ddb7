package io.github.blip2j.tensor.types;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The lengths of a tensor's axes, outermost first. Immutable; {@code []} is a scalar. */
public final class Shape {
  /** Matches any length in {@link #require}. */
  public static final long ANY = -1;

  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * The shape with these axis lengths.
   *
   * @throws IllegalArgumentException if a length is negative
   */
  public static Shape of(long... dims) {
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException(
            "shape: axis lengths expected 0 or more, got " + describe(dims));
      }
    }
    return new Shape(dims.clone());
  }

  /** Number of axes. */
  public int rank() {
    return dims.length;
  }

  /**
   * Length of an axis; negative axes count from the last, which is {@code -1}.
   *
   * @throws IllegalArgumentException if there is no such axis
   */
  public long dim(int axis) {
    return dims[axis(axis)];
  }

  /**
   * The axis as an index from 0.
   *
   * @throws IllegalArgumentException if there is no such axis
   */
  public int axis(int axis) {
    int index = axis < 0 ? axis + dims.length : axis;
    if (index < 0 || index >= dims.length) {
      throw new IllegalArgumentException("shape: axis expected within " + this + ", got " + axis);
    }
    return index;
  }

  /**
   * Number of elements; 1 for a scalar.
   *
   * @throws ArithmeticException if no long holds it
   */
  public long size() {
    try {
      long size = 1;
      for (long dim : dims) {
        size = Math.multiplyExact(size, dim);
      }
      return size;
    } catch (ArithmeticException e) {
      throw new ArithmeticException("shape: fewer than 2^63 elements expected, got " + this);
    }
  }

  /**
   * Number of elements, for the length of a Java array.
   *
   * @throws IllegalArgumentException if no array is so long, naming {@code where}
   */
  public int arrayLength(String where) {
    long size = size();
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          where + ": at most 2^31 - 1 numbers expected for a Java array, got shape " + this);
    }
    return (int) size;
  }

  /** A fresh array of the axis lengths. */
  public long[] toArray() {
    return dims.clone();
  }

  /** This shape with one axis replaced. */
  public Shape with(int axis, long length) {
    long[] changed = dims.clone();
    changed[axis(axis)] = length;
    return of(changed);
  }

  /**
   * The shape that both broadcast to, by the usual rule: axes are aligned at the last one, and a
   * length of 1 stretches.
   *
   * @throws ShapeMismatchException if they do not broadcast, naming {@code where}
   */
  public Shape broadcast(Shape other, String where) {
    if (equals(other)) {
      return this;
    }
    int rank = Math.max(rank(), other.rank());
    long[] result = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long a = i <= rank() ? dims[rank() - i] : 1;
      long b = i <= other.rank() ? other.dims[other.rank() - i] : 1;
      if (a != b && a != 1 && b != 1) {
        throw new ShapeMismatchException(
            where + ": shapes do not broadcast, got " + this + " and " + other);
      }
      result[rank - i] = a == 1 ? b : a;
    }
    return new Shape(result);
  }

  /**
   * Checks this shape against the expected axis lengths, {@link #ANY} matching any.
   *
   * @param where module path or operation, for the message
   * @param what the argument's name, for the message
   * @throws ShapeMismatchException if rank or a length differs
   */
  public void require(String where, String what, long... expected) {
    boolean matches = expected.length == dims.length;
    for (int i = 0; matches && i < dims.length; i++) {
      matches = expected[i] == ANY || expected[i] == dims[i];
    }
    if (!matches) {
      throw new ShapeMismatchException(
          where + ": " + what + " expected " + describe(expected) + ", got " + this);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** As in {@code [2, 8, 768]}. */
  @Override
  public String toString() {
    return describe(dims);
  }

  private static String describe(long[] dims) {
    return Arrays.stream(dims)
        .mapToObj(dim -> dim == ANY ? "?" : Long.toString(dim))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
