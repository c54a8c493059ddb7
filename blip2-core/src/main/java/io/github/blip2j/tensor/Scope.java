package io.github.blip2j.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
 * #detached}: it never is a thread's innermost scope, and owns only what is given to it by {@link
 * #adopt}. Modules and operations never see a scope; the loops that call them open one.
 *
 * <p>A scope belongs to the thread that opened it. A detached one may be closed by any thread.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<@Nullable Scope> INNERMOST = new ThreadLocal<>();

  private static final int FEW = 1024;

  private final @Nullable Scope outer;
  private final boolean detached;
  private List<Storage> owned = new ArrayList<>();
  private int crowded = FEW; // entries at which those that left are cleared out
  private boolean closed;

  private Scope(@Nullable Scope outer, boolean detached) {
    this.outer = outer;
    this.detached = detached;
  }

  /** Opens a scope inside the innermost one of this thread. */
  public static Scope open() {
    Scope scope = new Scope(INNERMOST.get(), false);
    INNERMOST.set(scope);
    return scope;
  }

  /** A scope that no thread's new tensors fall into; it owns what it {@linkplain #adopt adopts}. */
  public static Scope detached() {
    return new Scope(null, true);
  }

  /**
   * Runs {@code body} in a scope of its own and hands its result to the enclosing one. While
   * gradients are recorded nothing is released, for the tape still needs the intermediate values.
   */
  public static Tensor run(Supplier<Tensor> body) {
    try (Scope scope = open()) {
      Tensor result = body.get();
      if (result.requiresGrad()) {
        scope.keepAll();
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
    if (outer == null) {
      throw new IllegalStateException(
          "scope: keep expected an enclosing scope, got the outermost one; open one around it or"
              + " adopt the tensor into a detached scope");
    }
    if (tensor.storage().owner() == this) {
      outer.adopt(tensor);
    }
    return tensor;
  }

  /**
   * Takes a tensor over from whichever scope owns it.
   *
   * @return the tensor
   * @throws IllegalStateException if either is closed
   */
  public Tensor adopt(Tensor tensor) {
    tensor.storage().address(); // throws if it is released already
    if (tensor.storage().isManaged()) {
      adopt(tensor.storage());
    }
    return tensor;
  }

  /** Releases every tensor this scope owns. */
  @Override
  public void close() {
    List<Storage> released;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (!detached) {
        leave(); // first: a scope closed out of order stays open, to be closed in its turn
      }
      closed = true;
      released = owned;
      owned = List.of();
    }
    for (Storage storage : released) {
      if (storage.owner() == this) {
        storage.release();
      }
    }
  }

  synchronized void adopt(Storage storage) {
    if (closed) {
      throw new IllegalStateException(
          storage.op() + ": scope expected to be open, got a closed one");
    }
    if (storage.owner() != this) {
      storage.owner(this);
      if (owned.size() >= crowded) {
        owned.removeIf(other -> other.owner() != this || other.isReleased());
        crowded = Math.max(FEW, 2 * owned.size()); // each entry is looked at twice on average
      }
      owned.add(storage);
    }
  }

  /** Gives back one tensor of this scope before its end; no change if another scope owns it. */
  public void release(Tensor tensor) {
    if (tensor.storage().owner() == this) {
      tensor.storage().release();
    }
  }

  /** Hands a tensor of the innermost scope to the one around it. */
  static void keepInOuter(Tensor tensor) {
    current("scope").keep(tensor);
  }

  /** The innermost scope of this thread, which will own what {@code op} makes. */
  static Scope current(String op) {
    Scope scope = INNERMOST.get();
    if (scope == null) {
      throw new IllegalStateException(
          op
              + ": expected an open scope, got none on this thread; wrap the call in try (var scope ="
              + " Scope.open())");
    }
    return scope;
  }

  private void keepAll() {
    for (Storage storage : owned) {
      if (storage.owner() == this && outer != null) {
        outer.adopt(storage);
      }
    }
  }

  private void leave() {
    if (INNERMOST.get() != this) {
      throw new IllegalStateException(
          "scope: close expected on its own thread and after the scopes inside it, got another"
              + " order");
    }
    if (outer == null) {
      INNERMOST.remove();
    } else {
      INNERMOST.set(outer);
    }
  }
}
