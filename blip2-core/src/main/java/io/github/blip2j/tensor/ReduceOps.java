package io.github.blip2j.tensor;

import io.github.blip2j.backend.KernelChoice;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;

/** Sums. */
final class ReduceOps {
  private ReduceOps() {}

  /** Sum of everything. dx = g everywhere. */
  static Tensor sumAll(Tensor x) {
    ElementOps.requireFloating("sum", x);
    Tensor out = Tensor.uninitialized("sum", x.dtype(), Shape.of(1));
    KernelChoice.kernels().sum(flat(x, 1), false, out);
    return Op.of("sum", out.view(0, Shape.of(), new long[0]))
        .wrt(x, g -> g.expand(x.shape().toArray()))
        .tensor();
  }

  /** Sum along an axis. dx = g, repeated along it. */
  static Tensor sum(Tensor x, int axis) {
    ElementOps.requireFloating("sum", x);
    int a = x.shape().axis(axis);
    Shape kept = x.shape().with(a, 1);
    Tensor out = sumAlong(x.detach(), a).reshape(without(x.shape(), a));
    return Op.of("sum", out)
        .wrt(x, g -> g.reshape(kept.toArray()).expand(x.shape().toArray()))
        .tensor();
  }

  /** Sum of squares, exact to float64. */
  static double squaredNorm(Tensor x) {
    if (x.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "squaredNorm: type expected FLOAT32, got " + x.dtype() + "; convert it with to()");
    }
    if (x.size() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open()) {
      return KernelChoice.kernels().squaredNorm(ShapeOps.dense(x.detach()));
    }
  }

  /** Undoes broadcasting in a gradient: sums over the axes that were stretched or added. */
  static Tensor sumTo(Tensor g, Shape shape) {
    if (g.shape().equals(shape)) {
      return g;
    }
    Tensor sum = g;
    int added = g.rank() - shape.rank();
    if (added > 0) {
      long[] kept = Arrays.copyOfRange(g.shape().toArray(), added, g.rank());
      sum = sumRows(flat(g, leading(g.shape(), added))).reshape(kept);
    }
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (shape.dim(axis) == 1 && sum.dim(axis) != 1) {
        sum = sumAlong(sum, axis);
      }
    }
    return sum;
  }

  /** The sum along an axis, which stays with length 1. */
  private static Tensor sumAlong(Tensor x, int axis) {
    long[] kept = x.shape().with(axis, 1).toArray();
    if (x.size() == 0) {
      return Tensor.zeros(x.dtype(), kept);
    }
    if (axis == 0) {
      return sumRows(flat(x, x.dim(0))).reshape(kept);
    }
    int last = x.rank() - 1;
    Tensor rows = axis == last ? x : x.transpose(axis, last);
    long count = x.size() / Math.max(1, x.dim(axis));
    Tensor out = Tensor.uninitialized("sum", x.dtype(), Shape.of(count));
    KernelChoice.kernels().sum(flat(rows, count), false, out);
    if (axis == last) {
      return out.reshape(kept);
    }
    long[] moved = rows.shape().with(last, 1).toArray();
    return out.reshape(moved).transpose(axis, last);
  }

  /** Sum of the rows of [R, C]. */
  static Tensor sumRows(Tensor x) {
    Tensor out = Tensor.uninitialized("sum", x.dtype(), Shape.of(x.dim(1)));
    KernelChoice.kernels().sum(x, true, out);
    return out;
  }

  private static Tensor flat(Tensor x, long rows) {
    return ShapeOps.dense(x).detach().reshape(rows, x.size() / Math.max(1, rows));
  }

  private static long leading(Shape shape, int axes) {
    long count = 1;
    for (int i = 0; i < axes; i++) {
      count *= shape.dim(i);
    }
    return count;
  }

  private static long[] without(Shape shape, int axis) {
    long[] kept = new long[shape.rank() - 1];
    for (int i = 0, j = 0; i < shape.rank(); i++) {
      if (i != axis) {
        kept[j++] = shape.dim(i);
      }
    }
    return kept;
  }
}
