package io.github.blip2j.backend;

import org.jspecify.annotations.Nullable;

/**
 * The memory behind one or more tensors, and who owns it.
 *
 * <p>Tensors that are views of each other share a storage. It knows the operation that made it, so
 * that use after release can name it, and counts in-place changes, so that a gradient can tell that
 * a value it needs is gone.
 *
 * <p>Several threads may release it. Its owner and its version are for the thread that computes
 * with it: a tensor that others read is handed to them by what happens before, such as a lock, and
 * not changed meanwhile.
 */
public final class Storage {
  private final String op;
  private final long address;
  private final @Nullable Object keepAlive; // whose memory this is, if not the pool's
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

  /** Memory that somebody else owns and that lives as long as {@code keepAlive}. */
  static Storage wrap(String op, long address, Object keepAlive) {
    return new Storage(op, address, keepAlive, null);
  }

  /**
   * Where the memory begins.
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
      // Whoever asks computes with the bare address. Nothing then tells the collector that the
      // owner is still needed: a tensor is dead after its last use in Java, however long native
      // code goes on reading, and with the last tensor goes the array whose memory this is. The
      // workspace around the computation is reachable from its thread until it closes, and that
      // is after the computation has returned. Memory of the pool needs none of this, for a
      // workspace owns it.
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

  /** Bytes from the beginning to the end, 0 where somebody else's memory tells no end. */
  long size() {
    return block == null ? 0 : block.size();
  }

  /** Whether the pool owns the memory, so that a workspace may release it. */
  boolean isManaged() {
    return keepAlive == null;
  }

  /** Number of in-place changes so far. */
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

  /** Gives the memory back, once, whichever threads ask for it. */
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
