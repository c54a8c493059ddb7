package io.github.blip2j.tensor;

/**
 * A scope remembered by something that grows while inner scopes come and go, such as a cache of
 * keys and values: what it allocates here survives them.
 */
public final class Home {
  private final Scope scope;

  private Home(Scope scope) {
    this.scope = scope;
  }

  /** The innermost scope of this thread, for {@code owner}'s sake. */
  public static Home ofCurrentScope(String owner) {
    return new Home(Scope.current(owner));
  }

  /**
   * Memory that lives until the remembered scope ends. It is zero, for kernels may read what is not
   * filled yet and ignore it, which nothing but a number allows.
   */
  public Tensor allocate(String op, DType dtype, Shape shape) {
    try (Scope inner = Scope.open()) {
      Tensor fresh = Tensor.uninitialized(op, dtype, shape);
      KernelChoice.KERNELS.fill(fresh, 0);
      return scope.adopt(fresh);
    }
  }

  /** Gives memory back before the scope ends. */
  public void release(Tensor tensor) {
    scope.release(tensor);
  }
}
