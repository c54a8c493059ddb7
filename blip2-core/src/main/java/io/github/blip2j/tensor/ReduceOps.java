package io.github.blip2j.tensor;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sums. */
final class ReduceOps {
  private ReduceOps() {}

  /** Sum of everything. dx = g everywhere. */
  static Tensor sumAll(Tensor x) {
    ElementOps.requireFloating("sum", x);
    Tensor out = x.result("sum", x.dtype(), Shape.of(1));
    x.kernels().sum(flat(x, 1), false, out);
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
    return squaredNorms(List.of(x))[0];
  }

  /** The sums of squares of several tensors; devices wait once for all. */
  static double[] squaredNorms(List<Tensor> tensors) {
    if (tensors.isEmpty()) {
      return new double[0];
    }
    Tensor first = tensors.get(0);
    List<Tensor> filled = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (Tensor tensor : tensors) {
        requireFloat32(tensor);
        Operands.require("squaredNorms", first, "tensor", tensor);
        if (tensor.size() > 0) {
          filled.add(ShapeOps.dense(tensor.detach()));
        }
      }
      double[] some = filled.isEmpty() ? new double[0] : first.kernels().squaredNorms(filled);
      double[] all = new double[tensors.size()];
      int next = 0;
      for (int i = 0; i < all.length; i++) {
        all[i] = tensors.get(i).size() > 0 ? some[next++] : 0;
      }
      return all;
    }
  }

  private static void requireFloat32(Tensor x) {
    if (x.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "squaredNorm: type expected FLOAT32, got " + x.dtype() + "; convert it with to()");
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
      return x.filled(0, x.dtype(), kept);
    }
    if (axis == 0) {
      return sumRows(flat(x, x.dim(0))).reshape(kept);
    }
    int last = x.rank() - 1;
    Tensor rows = axis == last ? x : x.transpose(axis, last);
    long count = x.size() / Math.max(1, x.dim(axis));
    Tensor out = x.result("sum", x.dtype(), Shape.of(count));
    x.kernels().sum(flat(rows, count), false, out);
    if (axis == last) {
      return out.reshape(kept);
    }
    long[] moved = rows.shape().with(last, 1).toArray();
    return out.reshape(moved).transpose(axis, last);
  }

  /** Sum of the rows of [R, C]. */
  static Tensor sumRows(Tensor x) {
    Tensor out = x.result("sum", x.dtype(), Shape.of(x.dim(1)));
    x.kernels().sum(x, true, out);
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
