package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.autograd.Node;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.tensor.types.DType;
import java.lang.ref.Reference;
import java.util.Locale;
import java.util.function.Consumer;

/** In-place changes of a tensor, rejected where they would invalidate the tape. */
final class InPlaceOps {
  private InPlaceOps() {}

  /** x += other. */
  static void add(Tensor x, Tensor other) {
    requireChangeable("addInPlace", x);
    requireConstant("addInPlace", other);
    ElementOps.requireSameType("addInPlace", x, other);
    Operands.require("addInPlace", x, "other", other);
    other.shape().require("addInPlace", "other", x.shape().toArray());
    change(
        x,
        dense ->
            x.kernels()
                .binary(
                    Kernels.Binary.ADD, dense, ShapeOps.dense(unchangedBy(dense, other)), dense));
  }

  /** x *= scale. */
  static void scale(Tensor x, double scale) {
    requireChangeable("scaleInPlace", x);
    change(x, dense -> x.kernels().affine(dense, scale, 0, dense));
  }

  /** x = other, cast; x may be a view. */
  static void copy(Tensor x, Tensor other) {
    requireChangeable("copyInPlace", x);
    requireConstant("copyInPlace", other);
    Operands.require("copyInPlace", x, "source", other);
    other.shape().require("copyInPlace", "source", x.shape().toArray());
    if (x.size() > 0) {
      try {
        x.kernels().copy(unchangedBy(x, ShapeOps.plain(other)), x);
      } finally { // foreign memory may have no scope that keeps it alive
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(other);
      }
      x.storage().changed();
    }
  }

  /** One AdamW step of x and its state. */
  static void adamW(
      Tensor x, AdamWRule rule, AdamWRule.Step step, Tensor gradient, Tensor m, Tensor v) {
    requireChangeable("adamWInPlace", x);
    requireConstant("adamWInPlace", gradient);
    for (Tensor tensor : new Tensor[] {x, gradient, m, v}) {
      tensor.shape().require("adamWInPlace", "tensor", x.shape().toArray());
      requireDenseFloats(tensor);
      Operands.require("adamWInPlace", x, "tensor", tensor);
    }
    requireApart(x, m, v);
    if (x.size() > 0) {
      try {
        Tensor g = gradient;
        for (Tensor changed : new Tensor[] {x, m, v}) {
          g = changed.sharesMemory(g) ? ShapeOps.copyOf(g, g.dtype()) : g;
        }
        x.kernels().adamW(rule, step, x, g, m, v);
      } finally { // as above
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(gradient);
        Reference.reachabilityFence(m);
        Reference.reachabilityFence(v);
      }
      x.storage().changed();
      m.storage().changed();
      v.storage().changed();
    }
  }

  /** The source, or a copy of it if a kernel that writes {@code x} would read what it wrote. */
  private static Tensor unchangedBy(Tensor x, Tensor source) {
    return x.sharesMemory(source) && !x.isSameView(source)
        ? ShapeOps.copyOf(source, source.dtype())
        : source;
  }

  private static void requireApart(Tensor x, Tensor m, Tensor v) {
    if (x.sharesMemory(m) || x.sharesMemory(v) || m.sharesMemory(v)) {
      throw new IllegalArgumentException(
          "adamWInPlace: parameter, m and v expected in memory of their own, got some that share"
              + " it; copy them");
    }
  }

  private static void requireDenseFloats(Tensor tensor) {
    if (tensor.dtype() != DType.FLOAT32 || !tensor.isDense()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "adamWInPlace: tensors expected dense and FLOAT32, got %s%s",
              tensor.isDense() ? "" : "a view of ",
              tensor));
    }
  }

  /** Runs a kernel that needs dense memory on {@code x}, through a copy if necessary. */
  private static void change(Tensor x, Consumer<Tensor> kernel) {
    if (x.size() == 0) {
      return;
    }
    try (Scope scope = Scope.open()) {
      Tensor dense = ShapeOps.dense(x.detach());
      kernel.accept(dense);
      if (dense.storage() != x.storage()) {
        x.kernels().copy(dense, x);
      }
    }
    x.storage().changed();
  }

  private static void requireChangeable(String op, Tensor x) {
    x.requireChangeable();
    Node<Tensor> node = x.node();
    if (node != null && (GradMode.isRecording() || !node.isLeaf())) {
      throw new IllegalStateException(
          op
              + ": tensor made by "
              + x.storage().op()
              + " expected without a gradient, got one that is recorded; change a copy, or a leaf"
              + " under noGrad");
    }
  }

  private static void requireConstant(String op, Tensor other) {
    if (other.requiresGrad() && GradMode.isRecording()) {
      throw new IllegalStateException(
          op
              + ": source made by "
              + other.storage().op()
              + " expected without a gradient, got one that is recorded; detach it, or use an"
              + " operation that returns its result");
    }
  }
}
