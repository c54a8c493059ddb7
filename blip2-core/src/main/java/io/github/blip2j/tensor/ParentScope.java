package io.github.blip2j.tensor;

import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.Shape;

/**
 * The owning scope of a growing structure such as a key-value cache: its memory survives the inner
 * scopes in which it grows.
 */
public final class ParentScope {
  private final Workspace memory;

  private ParentScope(Workspace memory) {
    this.memory = memory;
  }

  /** The innermost scope of this thread, as the parent of {@code owner}'s memory. */
  public static ParentScope ofCurrent(String owner) {
    return new ParentScope(Workspace.current(owner));
  }

  /**
   * Zeroed memory, of the type and backend of {@code beside}, that lives until the parent scope
   * ends. It is zeroed because kernels may read positions that are not filled yet, and multiply
   * them by 0: any bit pattern could be a NaN.
   */
  public Tensor allocate(String op, Tensor beside, Shape shape) {
    try (Scope inner = Scope.open()) {
      Tensor fresh = beside.result(op, beside.dtype(), shape);
      beside.kernels().fill(fresh, 0);
      memory.adopt(fresh.storage());
      return fresh;
    }
  }

  /** Releases memory before the scope ends. */
  public void release(Tensor tensor) {
    memory.release(tensor.storage());
  }

  /**
   * Releases the memory of a tensor that another one replaces, before the scope ends; no effect if
   * it shares the memory with that one or with {@code kept}, or another scope owns it.
   */
  public void releaseReplaced(Tensor tensor, Tensor by, Tensor kept) {
    if (tensor.storage() != by.storage() && tensor.storage() != kept.storage()) {
      release(tensor);
    }
  }
}
