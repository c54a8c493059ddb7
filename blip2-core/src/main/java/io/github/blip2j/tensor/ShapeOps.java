package io.github.blip2j.tensor;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.Layout;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Views and copies: operations that change the layout of elements, not their values. */
final class ShapeOps {
  private ShapeOps() {}

  /** The tensor itself if its elements lie row-major without gaps, else a copy without history. */
  static Tensor dense(Tensor x) {
    if (!x.isDense() || x.packing() != null) {
      return copyOf(x, x.dtype());
    }
    // An axis of length 1 may have any stride; kernels expect the usual one.
    long[] strides = Layout.denseStrides(x.shape());
    return x.hasStrides(strides) ? x : x.view(0, x.shape(), strides);
  }

  /** The tensor itself unless it is packed, with its strides. */
  static Tensor plain(Tensor x) {
    return x.packing() == null ? x : copyOf(x, x.dtype());
  }

  /** Another shape. dx has the old one. */
  static Tensor reshape(Tensor x, long[] wanted) {
    Shape shape = resolve(x.shape(), wanted);
    Tensor dense = dense(x);
    return Op.of("reshape", dense.view(0, shape, Layout.denseStrides(shape)))
        .wrt(x, g -> g.reshape(x.shape().toArray()))
        .tensor();
  }

  /** Axes in another order. dx has them in the old one. */
  static Tensor permute(Tensor x, int[] order) {
    int rank = x.rank();
    int[] inverse = new int[rank];
    Arrays.fill(inverse, -1);
    long[] dims = new long[rank];
    long[] old = x.strides();
    long[] strides = new long[rank];
    for (int i = 0; i < rank && order.length == rank; i++) {
      int axis = x.shape().axis(order[i]);
      inverse[axis] = i;
      dims[i] = x.dim(axis);
      strides[i] = old[axis];
    }
    if (order.length != rank || Arrays.stream(inverse).anyMatch(axis -> axis < 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "permute: order expected each axis of %s once, got %s",
              x.shape(),
              Arrays.toString(order)));
    }
    return Op.of("permute", x.view(0, Shape.of(dims), strides))
        .wrt(x, g -> g.permute(inverse))
        .tensor();
  }

  static Tensor transpose(Tensor x, int a, int b) {
    int[] order = new int[x.rank()];
    Arrays.setAll(order, i -> i);
    order[x.shape().axis(a)] = x.shape().axis(b);
    order[x.shape().axis(b)] = x.shape().axis(a);
    return permute(x, order);
  }

  /** Part of an axis. dx is the gradient there and zero elsewhere. */
  static Tensor narrow(Tensor x, int axis, long start, long length) {
    int a = x.shape().axis(axis);
    if (start < 0 || length < 0 || length > x.dim(a) - start) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "narrow: range expected within axis %d of %s, got %d to %d",
              a,
              x.shape(),
              start,
              start + length));
    }
    long[] strides = x.strides();
    Tensor part = x.view(start * strides[a], x.shape().with(a, length), strides);
    return Op.of("narrow", part).wrt(x, g -> placed(g, x, a, start)).tensor();
  }

  static Tensor select(Tensor x, int axis, long index) {
    int a = x.shape().axis(axis);
    long[] dims = x.shape().toArray();
    long[] strides = x.strides();
    long[] keptDims = new long[dims.length - 1];
    long[] keptStrides = new long[dims.length - 1];
    for (int i = 0, j = 0; i < dims.length; i++) {
      if (i != a) {
        keptDims[j] = dims[i];
        keptStrides[j++] = strides[i];
      }
    }
    if (index < 0 || index >= dims[a]) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "select: index expected within axis %d of %s, got %d",
              a,
              x.shape(),
              index));
    }
    Tensor part = x.view(index * strides[a], Shape.of(keptDims), keptStrides);
    long[] narrowed = x.shape().with(a, 1).toArray();
    return Op.of("select", part).wrt(x, g -> placed(g.reshape(narrowed), x, a, index)).tensor();
  }

  private static Tensor placed(Tensor g, Tensor x, int axis, long start) {
    Tensor dx = x.filled(0, x.dtype(), x.shape().toArray());
    dx.narrow(axis, start, g.dim(axis)).copyInPlace(g);
    return dx;
  }

  /** Repeats axes of length 1. dx sums over them. */
  static Tensor expand(Tensor x, Shape shape) {
    if (!x.shape().broadcast(shape, "expand").equals(shape)) {
      throw new ShapeMismatchException(
          "expand: target expected to hold " + x.shape() + ", got " + shape);
    }
    Tensor zeros = x.filled(0, x.dtype(), shape.toArray());
    if (zeros.size() > 0) {
      x.kernels().binary(Kernels.Binary.ADD, zeros, dense(x), zeros);
    }
    return Op.of("expand", zeros).wrt(x, g -> ReduceOps.sumTo(g, x.shape())).tensor();
  }

  /** Another floating type. dx is cast back. */
  static Tensor cast(Tensor x, DType type) {
    if (x.dtype() == type) {
      return x;
    }
    return Op.of("to", copyOf(x, type)).wrt(x, g -> g.to(x.dtype())).tensor();
  }

  /** A copy on another backend, through this machine's memory. dx is copied back. */
  static Tensor moved(Tensor x, Backend backend) {
    if (x.backend() == backend) {
      return x;
    }
    try (Scope scope = Scope.open(backend)) {
      Tensor dense = dense(x);
      Tensor copy = Tensor.uninitialized("to", dense.dtype(), dense.shape());
      HostMemory.copy(dense, copy);
      return scope.keep(Op.of("to", copy).wrt(x, g -> moved(g, x.backend())).tensor());
    }
  }

  /** A copy in memory of its own. dx is the gradient. */
  static Tensor copy(Tensor x) {
    return Op.of("copy", copyOf(x, x.dtype())).wrt(x, g -> g).tensor();
  }

  /** Tensors one after another. The gradient of each is its part. */
  static Tensor concat(int axis, List<Tensor> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("concat: expected at least one tensor, got none");
    }
    Tensor first = parts.get(0);
    int a = first.shape().axis(axis);
    long length = 0;
    for (Tensor part : parts) {
      ElementOps.requireSameType("concat", first, part);
      Operands.require("concat", first, "part", part);
      part.shape().require("concat", "part", first.shape().with(a, part.dim(a)).toArray());
      length += part.dim(a);
    }
    Tensor out = first.result("concat", first.dtype(), first.shape().with(a, length));
    Op op = Op.of("concat", out);
    long start = 0;
    for (Tensor part : parts) {
      long from = start;
      long count = part.dim(a);
      if (count > 0) {
        long[] strides = out.strides();
        Tensor place = out.view(from * strides[a], part.shape(), strides);
        part.kernels().copy(part, place);
      }
      op.wrt(part, g -> g.narrow(a, from, count));
      start += count;
    }
    return op.tensor();
  }

  /** The rows of all ranks. The gradient is the sum of all ranks' gradients of the own rows. */
  static Tensor allGather(Tensor x, RowExchange ranks) {
    if (ranks.size() == 1) {
      return x;
    }
    Tensor part = x.isDense() ? x : copyOf(x, x.dtype());
    Tensor out = x.result("allGather", x.dtype(), x.shape().with(0, ranks.size() * x.dim(0)));
    ranks.allGather(part, out);
    return Op.of("allGather", out)
        .wrt(
            x,
            g -> {
              Tensor own = x.result("allGather", g.dtype(), x.shape());
              ranks.reduceScatter(g.isDense() ? g : copyOf(g, g.dtype()), own);
              return own;
            })
        .tensor();
  }

  /** A dense, plain copy without history. */
  static Tensor copyOf(Tensor x, DType type) {
    PackedWeight packing = x.packing();
    if (packing != null) {
      boolean narrow = type == DType.BFLOAT16 && packing.precision() == Precision.BFLOAT16;
      Tensor plain = x.result("copy", narrow ? type : x.dtype(), x.shape());
      packing.unpack(0, plain);
      return plain.to(type);
    }
    Tensor out = x.result("copy", type, x.shape());
    if (x.size() > 0) {
      x.kernels().copy(x, out);
    }
    return out;
  }

  private static Shape resolve(Shape old, long[] wanted) {
    long[] dims = wanted.clone();
    int open = -1;
    long known = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == Shape.ANY && open < 0) {
        open = i;
      } else {
        boolean beyond = Math.multiplyHigh(known, dims[i]) != (known * dims[i]) >> 63;
        known = beyond ? Shape.ANY : known * dims[i]; // equals no number of elements
      }
    }
    if (open >= 0 && known > 0 && old.size() % known == 0) {
      dims[open] = old.size() / known;
      known *= dims[open];
    }
    if (known != old.size() || Arrays.stream(dims).anyMatch(dim -> dim < 0)) {
      throw new ShapeMismatchException(
          String.format(
              Locale.ROOT,
              "reshape: target expected %d elements as %s has, got %s",
              old.size(),
              old,
              Arrays.toString(wanted)));
    }
    return Shape.of(dims);
  }
}
