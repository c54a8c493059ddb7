package io.github.blip2j.tensor;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Workspace;
import java.util.function.Supplier;

/**
 * Owner of the tensors made while it is open.
 *
 * <p>Off-heap memory is invisible to the garbage collector: a tensor of a gigabyte is a few dozen
 * bytes of heap, so nothing would ever be collected in time. Memory is therefore owned by scopes.
 * The innermost open scope of a thread owns every tensor that the thread makes; when it closes they
 * are released together, and their blocks are used again by the next ones.
 *
 * <pre>{@code
 * for (Batch batch : loader) {
 *   try (var step = Scope.open()) {
 *     Tensor loss = model.loss(batch);
 *     loss.backward();
 *     optimizer.step();
 *   } // every tensor made in this step is released here
 * }
 * }</pre>
 *
 * <p>A result leaves by {@link #keep}, which hands it to the enclosing scope. What must outlive all
 * scopes of its thread, such as the weights of a model, belongs to a scope made by {@link
 * #detached}: it never is a thread's innermost scope, and owns only tensors given to it by {@link
 * #adopt}. Modules and operations never see a scope; the loops that call them open one.
 *
 * <p>A scope also decides on which {@link Backend} values become tensors: its own, if it was opened
 * with one, or else that of the scope around it. Results of operations are on the backend of their
 * operands.
 *
 * <p>A scope belongs to the thread that opened it. A detached one may be closed by any thread.
 */
public final class Scope implements AutoCloseable {
  private final Workspace memory;

  private Scope(Workspace memory) {
    this.memory = memory;
  }

  /**
   * Opens a scope inside the innermost one of this thread. Tensors are made on the backend of that
   * one, or on the {@linkplain Backend#preferred preferred} backend if there is none.
   */
  public static Scope open() {
    return new Scope(Workspace.open());
  }

  /** Opens a scope in which tensors are made on a backend. */
  public static Scope open(Backend backend) {
    return new Scope(Workspace.open(backend));
  }

  /**
   * A scope that is no thread's innermost one; it owns the tensors that it {@linkplain #adopt
   * adopts}.
   */
  public static Scope detached() {
    return new Scope(Workspace.detached());
  }

  /**
   * A {@linkplain #detached detached} scope for tensors of a backend, such as a model's weights.
   */
  public static Scope detached(Backend backend) {
    return new Scope(Workspace.detached(backend));
  }

  /** The backend on which values become tensors here. */
  public Backend backend() {
    return memory.backend();
  }

  /**
   * Runs {@code body} in a scope of its own and hands its result to the enclosing one. While
   * gradients are recorded nothing is released, for the tape still needs the intermediate values.
   */
  public static Tensor run(Supplier<Tensor> body) {
    return run(open(), body);
  }

  /** Runs {@code body} as {@link #run(Supplier)} does, with tensors made on a backend. */
  public static Tensor run(Backend backend, Supplier<Tensor> body) {
    return run(open(backend), body);
  }

  private static Tensor run(Scope opened, Supplier<Tensor> body) {
    try (Scope scope = opened) {
      Tensor result = body.get();
      if (result.requiresGrad()) {
        scope.memory.keepAll();
      }
      return scope.keep(result);
    }
  }

  /**
   * Hands a tensor to the enclosing scope, where it lives on.
   *
   * @return the tensor
   * @throws IllegalStateException if this is the outermost scope of its thread
   */
  public Tensor keep(Tensor tensor) {
    memory.keep(tensor.storage());
    return tensor;
  }

  /**
   * Takes a tensor over from whichever scope owns it.
   *
   * @return the tensor
   * @throws IllegalStateException if either is closed
   */
  public Tensor adopt(Tensor tensor) {
    memory.adopt(tensor.storage());
    return tensor;
  }

  /** Releases one tensor of this scope before its end; no effect if another scope owns it. */
  public void release(Tensor tensor) {
    memory.release(tensor.storage());
  }

  /** Releases every tensor this scope owns. */
  @Override
  public void close() {
    memory.close();
  }

  /** Whether this scope owns the tensor. */
  boolean owns(Tensor tensor) {
    return memory.owns(tensor.storage());
  }

  /** Hands a tensor of the innermost scope to the one around it. */
  static void keepInOuter(Tensor tensor) {
    Workspace.current("scope").keep(tensor.storage());
  }
}
