package io.github.blip2j.backend;

import org.jspecify.annotations.Nullable;

/**
 * The memory of one or more tensors, and its owner.
 *
 * <p>Tensors that are views of each other share a storage. It knows the operation that made it, for
 * the message about a use after release, and counts in-place changes, so that a gradient detects
 * that a value it needs was overwritten.
 *
 * <p>Several threads may release it. Its owner and its version belong to the thread that computes
 * with it: a tensor that other threads read must be published safely, such as by a lock, and not be
 * changed afterwards.
 */
public final class Storage {
  private final String op;
  private final long address;
  private final @Nullable Object keepAlive; // the owner of foreign memory
  private MemoryPool.@Nullable Block block;
  private @Nullable Workspace owner;
  private volatile boolean released;
  private int version;

  private Storage(
      String op, long address, @Nullable Object keepAlive, MemoryPool.@Nullable Block block) {
    this.op = op;
    this.address = address;
    this.keepAlive = keepAlive;
    this.block = block;
  }

  /** Fresh memory owned by the innermost workspace. */
  public static Storage allocate(String op, long bytes) {
    Workspace workspace = Workspace.current(op);
    MemoryPool.Block block = MemoryPool.SHARED.acquire(bytes, op);
    Storage storage = new Storage(op, block.address(), null, block);
    workspace.take(storage);
    return storage;
  }

  /** Memory of another owner, which lives as long as {@code keepAlive}. */
  static Storage wrap(String op, long address, Object keepAlive) {
    return new Storage(op, address, keepAlive, null);
  }

  /**
   * The address of the memory.
   *
   * @throws IllegalStateException if its scope has ended
   */
  long address() {
    if (released) {
      throw new IllegalStateException(
          op
              + ": tensor expected to be alive, got one released when its scope ended; hand it out"
              + " with scope.keep(tensor)");
    }
    if (keepAlive != null) {
      // The caller computes with the bare address, and nothing then tells the collector that the
      // owner is still needed: in Java a tensor is dead after its last use, although native code
      // still reads, and the array that owns the memory is collected with the last tensor. The
      // workspace around the computation is reachable from its thread until it closes, which is
      // after the computation. The pool's memory needs none of this, because a workspace owns it.
      Workspace.hold(keepAlive);
    }
    return address;
  }

  @Nullable Workspace owner() {
    return owner;
  }

  void owner(Workspace workspace) {
    this.owner = workspace;
  }

  /** The size in bytes, or 0 if it is unknown for foreign memory. */
  long size() {
    return block == null ? 0 : block.size();
  }

  /** Whether the memory belongs to the pool, so that a workspace may release it. */
  boolean isManaged() {
    return keepAlive == null;
  }

  /** The number of in-place changes so far. */
  public int version() {
    return version;
  }

  public void changed() {
    version++;
  }

  boolean isReleased() {
    return released;
  }

  public String op() {
    return op;
  }

  /** Releases the memory once, even if several threads call this. */
  void release() {
    MemoryPool.Block returned;
    synchronized (this) {
      returned = block;
      if (released || returned == null) {
        return;
      }
      released = true;
      block = null;
    }
    MemoryPool.SHARED.release(returned);
  }
}
