package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.autograd.Node;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.function.Consumer;

/** The start of recording and the start of the backward pass. */
final class Gradients {
  private Gradients() {}

  static Tensor leaf(Tensor x, Node.Sink<Tensor> sink) {
    if (!x.dtype().isFloating()) {
      throw new IllegalArgumentException("leaf: type expected floating, got " + x.dtype());
    }
    return x.withNode(Node.leaf(x.storage().op(), sink));
  }

  /** The identity. dx = g, passed to {@code watcher}. */
  static Tensor watched(Tensor x, Consumer<Tensor> watcher) {
    return Op.of("watchGradient", x.detach())
        .wrt(
            x,
            g -> {
              watcher.accept(g);
              return g;
            })
        .tensor();
  }

  static void backward(Tensor loss) {
    if (loss.size() != 1) {
      throw new ShapeMismatchException("backward: loss expected one element, got " + loss.shape());
    }
    backward(loss, loss.filled(1, loss.dtype(), loss.shape().toArray()));
  }

  static void backward(Tensor y, Tensor gradient) {
    Node<Tensor> root = y.node();
    if (root == null) {
      throw new IllegalStateException(
          "backward: expected a recorded tensor, got one that depends on no leaf or was made under"
              + " noGrad");
    }
    gradient.shape().require("backward", "gradient", y.shape().toArray());
    ElementOps.requireSameType("backward", y, gradient);
    Operands.require("backward", y, "gradient", gradient);
    try (Scope scope = Scope.open();
        var off = GradMode.backward()) {
      root.backward(gradient, new GradientFlow(scope));
    }
  }
}
