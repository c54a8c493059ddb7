package io.github.blip2j.tensor;

import io.github.blip2j.backend.KernelChoice;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;

/**
 * A scope remembered by something that grows while inner scopes come and go, such as a cache of
 * keys and values: what it allocates here survives them.
 */
public final class ParentScope {
  private final Workspace memory;

  private ParentScope(Workspace memory) {
    this.memory = memory;
  }

  /** The innermost scope of this thread, for {@code owner}'s sake. */
  public static ParentScope ofCurrent(String owner) {
    return new ParentScope(Workspace.current(owner));
  }

  /**
   * Memory that lives until the remembered scope ends. It is zero, for kernels may read what is not
   * filled yet and ignore it, which nothing but a number allows.
   */
  public Tensor allocate(String op, DType dtype, Shape shape) {
    try (Scope inner = Scope.open()) {
      Tensor fresh = Tensor.uninitialized(op, dtype, shape);
      KernelChoice.kernels().fill(fresh, 0);
      memory.adopt(fresh.storage());
      return fresh;
    }
  }

  /** Gives memory back before the scope ends. */
  public void release(Tensor tensor) {
    memory.release(tensor.storage());
  }
}
