package io.github.blip2j.bench.kernels;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Init;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** Tensors that live as long as a benchmark, and a way to run one operation on them. */
final class Inputs {
  private final Scope memory = Scope.detached();
  private final SplittableRandom random = new SplittableRandom(0);

  /** Normal numbers. */
  Tensor normal(long... shape) {
    return keep(() -> Init.normal().draw(Shape.of(shape), random));
  }

  Tensor keep(Supplier<Tensor> made) {
    try (var scope = Scope.open()) {
      return memory.adopt(made.get());
    }
  }

  /** Runs an operation as in inference: nothing is recorded, and the result's memory is reused. */
  static long once(Supplier<Tensor> operation) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      return operation.get().address(); // a result for JMH
    }
  }

  void free() {
    memory.close();
  }
}
