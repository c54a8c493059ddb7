package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.autograd.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The value of an operation together with its derivatives, so that both are read side by side.
 *
 * <p>Nothing is recorded unless an input wants a gradient and the thread {@linkplain
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

  /** The value, connected to its inputs if they want a gradient. */
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
