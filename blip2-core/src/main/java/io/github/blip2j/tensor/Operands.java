package io.github.blip2j.tensor;

import io.github.blip2j.backend.Backend;
import org.jspecify.annotations.Nullable;

/**
 * Operands of one operation are on one backend, whose kernels compute it. This is the place where
 * every operation checks it; nothing is copied to another backend unless {@link Tensor#to(Backend)}
 * asks for it.
 */
final class Operands {
  private Operands() {}

  /** Checks that an operand is on the backend of {@code x}; null is none. */
  static void require(String op, Tensor x, String name, @Nullable Tensor operand) {
    if (operand != null && operand.backend() != x.backend()) {
      throw new IllegalArgumentException(
          op
              + ": "
              + name
              + " expected on backend "
              + x.backend()
              + ", got one on "
              + operand.backend()
              + "; copy it with tensor.to(backend), or make it in Scope.open(backend)");
    }
  }
}
