package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.autograd.Node;
import io.github.blip2j.backend.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The value of an operation together with its derivatives, so that both are read side by side.
 *
 * <p>Nothing is recorded unless an input requires a gradient and the thread {@linkplain
 * GradMode#isRecording records}. A recorded operation remembers the versions of its inputs and of
 * its output: a later change in place of any of them makes the backward pass fail instead of being
 * wrong.
 */
final class Op {
  private record Seen(Storage storage, int version) {}

  private final String name;
  private final Tensor value;
  private @Nullable Node<Tensor> node;
  private final List<Seen> seen = new ArrayList<>(0);

  private Op(String name, Tensor value) {
    this.name = name;
    this.value = value;
  }

  static Op of(String name, Tensor value) {
    return new Op(name, value);
  }

  /** Declares how the output's gradient becomes that of {@code input}, shaped like it. */
  Op wrt(Tensor input, UnaryOperator<Tensor> derivative) {
    Node<Tensor> source = input.node();
    if (source != null && GradMode.isRecording()) {
      if (node == null) {
        node = Node.of(name);
      }
      // A scope of its own: what a derivative computes on the way is released at once.
      node.wrt(source, g -> Scope.run(() -> derivative.apply(g)));
    }
    // Also inputs without a gradient of their own: another input's derivative may read them.
    seen.add(new Seen(input.storage(), input.storage().version()));
    return this;
  }

  /**
   * Declares the gradients of several inputs that are computed together, in the order of {@code
   * inputs}.
   */
  Op wrt(List<Tensor> inputs, Function<Tensor, Tensor[]> derivatives) {
    Together together = new Together(inputs, derivatives);
    for (int i = 0; i < inputs.size(); i++) {
      int index = i;
      wrt(inputs.get(i), g -> together.gradient(index, g));
    }
    return this;
  }

  /** Computes all gradients when the first is asked for, and hands out the others afterwards. */
  private static final class Together {
    private final List<Tensor> inputs;
    private final Function<Tensor, Tensor[]> derivatives;
    private final int first;
    private final int last;
    private Tensor[] gradients = {};

    Together(List<Tensor> inputs, Function<Tensor, Tensor[]> derivatives) {
      this.inputs = inputs;
      this.derivatives = derivatives;
      int from = inputs.size();
      int to = -1;
      for (int i = 0; i < inputs.size(); i++) {
        if (inputs.get(i).requiresGrad()) {
          from = Math.min(from, i);
          to = i;
        }
      }
      first = from;
      last = to;
    }

    Tensor gradient(int index, Tensor g) {
      if (index == first) {
        gradients = derivatives.apply(g);
        for (int i = index + 1; i < gradients.length; i++) {
          if (inputs.get(i).requiresGrad()) {
            Scope.keepInOuter(gradients[i]); // the scope of the first ends before the next is used
          }
        }
      }
      Tensor gradient = gradients[index];
      if (index == last) {
        gradients = new Tensor[0];
      }
      return gradient;
    }
  }

  /** The value, connected to its inputs if they require a gradient. */
  Tensor tensor() {
    if (node == null) {
      return value;
    }
    seen.add(new Seen(value.storage(), value.storage().version()));
    node.before(this::requireUnchanged);
    return value.withNode(node);
  }

  private void requireUnchanged() {
    for (Seen value : seen) {
      if (value.storage.version() != value.version) {
        throw new IllegalStateException(
            name
                + ": gradient expected the value made by "
                + value.storage.op()
                + " unchanged, got one changed in place since; change a copy");
      }
    }
  }
}
