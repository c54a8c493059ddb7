package io.github.blip2j.backend;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The owner of memory that is allocated while it is open: the implementation of a {@code Scope};
 * kernels open one around their temporaries.
 *
 * <p>The innermost open workspace of a thread owns all memory that the thread allocates. When it
 * closes, the memory is released together and its blocks are reused. A {@linkplain #detached}
 * workspace never is a thread's innermost one, and owns the memory that it {@linkplain #adopt
 * adopts}.
 *
 * <p>A workspace belongs to the thread that opened it. A detached one may be closed by any thread.
 */
public final class Workspace implements AutoCloseable {
  private static final ThreadLocal<@Nullable Workspace> INNERMOST = new ThreadLocal<>();

  private static final int FEW = 1024;

  private final @Nullable Workspace outer;
  private @Nullable Backend backend; // null: not asked for yet
  private final boolean detached;
  private List<PoolStorage> owned = new ArrayList<>();
  private int crowded = FEW; // number of entries at which stale ones are removed
  private boolean closed;
  private @Nullable Set<Object> held; // by identity; most workspaces hold no foreign memory

  private Workspace(@Nullable Workspace outer, @Nullable Backend backend, boolean detached) {
    this.outer = outer;
    this.backend = backend;
    this.detached = detached;
  }

  /** Opens a workspace inside the innermost one of this thread, for the same backend. */
  public static Workspace open() {
    Workspace outer = INNERMOST.get();
    return opened(new Workspace(outer, outer == null ? null : outer.backend, false));
  }

  /** Opens a workspace inside the innermost one of this thread, for tensors of a backend. */
  public static Workspace open(Backend backend) {
    return opened(new Workspace(INNERMOST.get(), backend, false));
  }

  private static Workspace opened(Workspace workspace) {
    INNERMOST.set(workspace);
    return workspace;
  }

  /**
   * A workspace that never owns new memory of a thread by itself, for the backend of the innermost
   * one of this thread.
   */
  public static Workspace detached() {
    Workspace innermost = INNERMOST.get();
    return new Workspace(null, innermost == null ? null : innermost.backend, true);
  }

  /** A workspace that never owns new memory of a thread by itself, for a backend. */
  public static Workspace detached(Backend backend) {
    return new Workspace(null, backend, true);
  }

  /** The innermost workspace of this thread, which will own the results of {@code op}. */
  public static Workspace current(String op) {
    Workspace workspace = INNERMOST.get();
    if (workspace == null) {
      throw new IllegalStateException(
          op
              + ": expected an open scope, got none on this thread; wrap the call in try (var scope ="
              + " Scope.open())");
    }
    return workspace;
  }

  /** The backend of the tensors that are made here from values. */
  public Backend backend() {
    Backend known = backend;
    if (known == null) { // not at the opening, which loads nothing
      known = Backend.preferred();
      backend = known;
    }
    return known;
  }

  /** The backend of the innermost workspace, or the preferred one without a workspace. */
  public static Backend currentBackend() {
    Workspace workspace = INNERMOST.get();
    return workspace == null ? Backend.preferred() : workspace.backend();
  }

  /** Whether this workspace owns the memory, and so may release it. */
  public boolean owns(Storage storage) {
    return storage instanceof PoolStorage pooled && pooled.owner() == this;
  }

  /**
   * Passes memory of this workspace to the enclosing one; no effect if another workspace owns it.
   *
   * @throws IllegalStateException if this is the outermost workspace of its thread
   */
  public void keep(Storage storage) {
    if (outer == null) {
      throw new IllegalStateException(
          "scope: keep expected an enclosing scope, got the outermost one; open one around it or"
              + " adopt the tensor into a detached scope");
    }
    if (owns(storage)) {
      outer.adopt(storage);
    }
  }

  /** Passes all memory to the enclosing workspace, if there is one. */
  public void keepAll() {
    for (PoolStorage storage : owned) {
      if (owns(storage) && outer != null) {
        outer.take(storage);
      }
    }
  }

  /**
   * Takes ownership of memory from another workspace; foreign memory keeps its owner.
   *
   * @throws IllegalStateException if this is closed, or the memory is released
   */
  public void adopt(Storage storage) {
    storage.address(); // throws if it is released already
    if (storage instanceof PoolStorage pooled) {
      take(pooled);
    }
  }

  synchronized void take(PoolStorage storage) {
    if (closed) {
      throw new IllegalStateException(
          storage.op() + ": scope expected to be open, got a closed one");
    }
    if (!owns(storage)) {
      storage.owner(this);
      if (owned.size() >= crowded) {
        owned.removeIf(other -> !owns(other) || other.isReleased());
        crowded = Math.max(FEW, 2 * owned.size()); // amortised over the entries
      }
      owned.add(storage);
    }
  }

  /** Releases memory early; no effect if another workspace owns it. */
  public void release(Storage storage) {
    if (storage instanceof PoolStorage pooled && owns(pooled)) {
      pooled.release();
    }
  }

  /**
   * Keeps an object from the garbage collector until the innermost workspace of this thread closes;
   * no effect without one.
   */
  static void hold(Object object) {
    Workspace workspace = INNERMOST.get();
    if (workspace != null) {
      Set<Object> objects = workspace.held;
      if (objects == null) {
        objects = Collections.newSetFromMap(new IdentityHashMap<>());
        workspace.held = objects;
      }
      objects.add(object);
    }
  }

  /** Releases all memory of this workspace. */
  @Override
  public void close() {
    List<PoolStorage> released;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (!detached) {
        leave(); // first: a workspace closed out of order stays open for now
      }
      closed = true;
      held = null;
      released = owned;
      owned = List.of();
    }
    for (PoolStorage storage : released) {
      release(storage);
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
