package io.github.blip2j.onednn;

import java.util.Arrays;

/**
 * What tells one primitive from another: the operation, its numbers, its operands' layouts. The
 * largest operand is among them.
 */
final class Key {
  private final String op;
  private final long[] numbers;
  private final Layout[] layouts;
  private final int hash;

  private Key(String op, long[] numbers, Layout[] layouts) {
    this.op = op;
    this.numbers = numbers;
    this.layouts = layouts;
    this.hash = 31 * (31 * op.hashCode() + Arrays.hashCode(numbers)) + Arrays.hashCode(layouts);
  }

  static Key of(String op, Layout... layouts) {
    return new Key(op, new long[0], layouts);
  }

  /** Numbers in the largest operand. */
  long largest() {
    long largest = 0;
    for (Layout layout : layouts) {
      largest = Math.max(largest, layout.size());
    }
    return largest;
  }

  /** The same with numbers that matter, such as an algorithm or an epsilon. */
  Key with(long... more) {
    return new Key(op, more, layouts);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key
        && key.hash == hash
        && key.op.equals(op)
        && Arrays.equals(key.numbers, numbers)
        && Arrays.equals(key.layouts, layouts);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
