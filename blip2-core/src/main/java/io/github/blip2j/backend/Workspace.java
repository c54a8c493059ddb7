package io.github.blip2j.backend;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Owner of the memory taken while it is open: what stands behind a {@code Scope}, and what kernels
 * open around their temporaries.
 *
 * <p>The innermost open workspace of a thread owns all memory that the thread takes; when it closes
 * that is released together, and its blocks are used again by the next ones. A {@linkplain
 * #detached} one never is a thread's innermost, and owns what it {@linkplain #adopt adopts}.
 *
 * <p>A workspace belongs to the thread that opened it. A detached one may be closed by any thread.
 */
public final class Workspace implements AutoCloseable {
  private static final ThreadLocal<@Nullable Workspace> INNERMOST = new ThreadLocal<>();

  private static final int FEW = 1024;

  private final @Nullable Workspace outer;
  private final boolean detached;
  private List<Storage> owned = new ArrayList<>();
  private int crowded = FEW; // entries at which those that left are cleared out
  private boolean closed;
  private @Nullable Set<Object> held; // by identity; most workspaces meet nobody else's memory

  private Workspace(@Nullable Workspace outer, boolean detached) {
    this.outer = outer;
    this.detached = detached;
  }

  /** Opens a workspace inside the innermost one of this thread. */
  public static Workspace open() {
    Workspace workspace = new Workspace(INNERMOST.get(), false);
    INNERMOST.set(workspace);
    return workspace;
  }

  /** A workspace that no thread's new memory falls into. */
  public static Workspace detached() {
    return new Workspace(null, true);
  }

  /** The innermost workspace of this thread, which will own what {@code op} makes. */
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

  /** Whether this owns the memory, and so may release it. */
  public boolean owns(Storage storage) {
    return storage.owner() == this;
  }

  /**
   * Hands memory of this workspace to the enclosing one; no change if another one owns it.
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

  /** Hands everything to the enclosing workspace, if there is one. */
  public void keepAll() {
    for (Storage storage : owned) {
      if (owns(storage) && outer != null) {
        outer.take(storage);
      }
    }
  }

  /**
   * Takes memory over from whichever workspace owns it; somebody else's memory stays theirs.
   *
   * @throws IllegalStateException if this is closed, or the memory is released
   */
  public void adopt(Storage storage) {
    storage.address(); // throws if it is released already
    if (storage.isManaged()) {
      take(storage);
    }
  }

  synchronized void take(Storage storage) {
    if (closed) {
      throw new IllegalStateException(
          storage.op() + ": scope expected to be open, got a closed one");
    }
    if (!owns(storage)) {
      storage.owner(this);
      if (owned.size() >= crowded) {
        owned.removeIf(other -> !owns(other) || other.isReleased());
        crowded = Math.max(FEW, 2 * owned.size()); // each entry is looked at twice on average
      }
      owned.add(storage);
    }
  }

  /** Gives memory back before the end; no change if another workspace owns it. */
  public void release(Storage storage) {
    if (owns(storage)) {
      storage.release();
    }
  }

  /**
   * Keeps an object from the garbage collector until the innermost workspace of this thread closes;
   * nothing happens without one.
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

  /** Releases all memory this owns. */
  @Override
  public void close() {
    List<Storage> released;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (!detached) {
        leave(); // first: one closed out of order stays open, to be closed in its turn
      }
      closed = true;
      held = null;
      released = owned;
      owned = List.of();
    }
    for (Storage storage : released) {
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
