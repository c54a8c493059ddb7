package io.github.blip2j.onednn.primitive;

import java.util.Arrays;

/**
 * The identity of a primitive: the operation, its parameters, and its operands' layouts, including
 * the largest operand.
 */
public final class PrimitiveKey {
  private final String op;
  private final long[] numbers;
  private final Layout[] layouts;
  private final int threads;
  private final int hash;

  private PrimitiveKey(String op, long[] numbers, Layout[] layouts) {
    this.op = op;
    this.numbers = numbers;
    this.layouts = layouts;
    this.threads = 0;
    this.hash = 31 * (31 * op.hashCode() + Arrays.hashCode(numbers)) + Arrays.hashCode(layouts);
  }

  private PrimitiveKey(PrimitiveKey other, int threads) {
    this.op = other.op;
    this.numbers = other.numbers;
    this.layouts = other.layouts;
    this.threads = threads;
    this.hash = other.hash + threads;
  }

  public static PrimitiveKey of(String op, Layout... layouts) {
    return new PrimitiveKey(op, new long[0], layouts);
  }

  /** This key for primitives on {@code count} threads. */
  PrimitiveKey forThreads(int count) {
    return new PrimitiveKey(this, count);
  }

  /** The number of elements in the largest operand. */
  long largest() {
    long largest = 0;
    for (Layout layout : layouts) {
      largest = Math.max(largest, layout.size());
    }
    return largest;
  }

  /**
   * This key with further values that the primitive depends on, such as an algorithm or an epsilon.
   */
  public PrimitiveKey with(long... more) {
    return new PrimitiveKey(op, more, layouts);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PrimitiveKey key
        && key.hash == hash
        && key.threads == threads
        && key.op.equals(op)
        && Arrays.equals(key.numbers, numbers)
        && Arrays.equals(key.layouts, layouts);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
