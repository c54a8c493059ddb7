package io.github.blip2j.tensor.types;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ShapeTest {
  private final Shape shape = Shape.of(2, 3, 4);

  @Test
  void of_lengths_areKept() {
    long[] dims = {2, 3};
    Shape copied = Shape.of(dims);
    dims[0] = 9;
    copied.toArray()[1] = 9;

    assertArrayEquals(new long[] {2, 3}, copied.toArray());
    assertEquals(2, copied.rank());
    assertEquals(6, copied.size());
    assertEquals("[2, 3]", copied.toString());
  }

  @Test
  void size_scalarAndEmpty_areOneAndZero() {
    assertEquals(1, Shape.of().size());
    assertEquals("[]", Shape.of().toString());
    assertEquals(0, Shape.of(3, 0, 2).size());
  }

  @Test
  void size_beyondLong_throws() {
    Shape huge = Shape.of(1L << 40, 1L << 40);

    assertThrows(ArithmeticException.class, huge::size);
  }

  @Test
  void of_negativeLength_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -3));

    assertEquals("shape: axis lengths expected 0 or more, got [2, -3]", e.getMessage());
  }

  @Test
  void dim_negativeAxis_countsFromTheLast() {
    assertEquals(4, shape.dim(-1));
    assertEquals(2, shape.dim(-3));
    assertEquals(1, shape.axis(-2));
  }

  @Test
  void dim_noSuchAxis_saysSo() {
    var above = assertThrows(IllegalArgumentException.class, () -> shape.dim(3));
    var below = assertThrows(IllegalArgumentException.class, () -> shape.dim(-4));

    assertEquals("shape: axis expected within [2, 3, 4], got 3", above.getMessage());
    assertEquals("shape: axis expected within [2, 3, 4], got -4", below.getMessage());
  }

  @Test
  void with_axis_replacesIt() {
    assertEquals(Shape.of(2, 3, 7), shape.with(-1, 7));
    assertEquals(Shape.of(2, 3, 4), shape);
  }

  @Test
  void equals_sameLengths_only() {
    assertEquals(shape, Shape.of(2, 3, 4));
    assertEquals(shape.hashCode(), Shape.of(2, 3, 4).hashCode());
    assertNotEquals(shape, Shape.of(2, 3, 4, 1));
    assertNotEquals(shape, Shape.of(3, 2, 4));
  }

  @Test
  void broadcast_lastAxesAligned_stretchesOnes() {
    assertEquals(Shape.of(2, 3, 4), shape.broadcast(Shape.of(3, 1), "test"));
    assertEquals(Shape.of(5, 2, 3, 4), shape.broadcast(Shape.of(5, 1, 1, 4), "test"));
    assertEquals(shape, Shape.of().broadcast(shape, "test"));
    assertEquals(Shape.of(0, 3), Shape.of(1, 3).broadcast(Shape.of(0, 1), "test"));
  }

  @Test
  void broadcast_othersDiffer_namesBoth() {
    var e =
        assertThrows(ShapeMismatchException.class, () -> shape.broadcast(Shape.of(2, 4), "add"));

    assertEquals("add: shapes do not broadcast, got [2, 3, 4] and [2, 4]", e.getMessage());
  }

  @Test
  void require_anyLength_matches() {
    shape.require("layer", "x", 2, Shape.ANY, 4);
  }

  @Test
  void require_otherLengthOrRank_namesBoth() {
    var length =
        assertThrows(
            ShapeMismatchException.class, () -> shape.require("layer.0", "x", 2, Shape.ANY, 5));
    var rank = assertThrows(ShapeMismatchException.class, () -> shape.require("layer.0", "x", 2));

    assertEquals("layer.0: x expected [2, ?, 5], got [2, 3, 4]", length.getMessage());
    assertEquals("layer.0: x expected [2], got [2, 3, 4]", rank.getMessage());
  }

  @Test
  void size_beyondALong_namesTheShape() {
    var e = assertThrows(ArithmeticException.class, () -> Shape.of(1L << 40, 1L << 40).size());

    assertEquals(
        "shape: fewer than 2^63 elements expected, got [1099511627776, 1099511627776]",
        e.getMessage());
  }

  @Test
  void arrayLength_beyondAnInt_namesTheShape() {
    assertEquals(24, shape.arrayLength("test"));
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> Shape.of(1 << 16, 1 << 16).arrayLength("mask"));

    assertEquals(
        "mask: at most 2^31 - 1 numbers expected for a Java array, got shape [65536, 65536]",
        e.getMessage());
  }

  @Test
  void bytes_beyondALong_namesTypeAndShape() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> DType.FLOAT32.bytes(Shape.of(1L << 62), "linear"));

    assertEquals(
        "linear: FLOAT32 tensor expected to fit in memory, got shape [4611686018427387904]",
        e.getMessage());
  }
}
