package io.github.blip2j.backend;

import org.jspecify.annotations.Nullable;

/**
 * Memory of a backend's pool, owned by a workspace.
 *
 * <p>Several threads may release it. Its owner and its version belong to the thread that computes
 * with it.
 */
final class PoolStorage implements Storage {
  private final String op;
  private final Backend backend;
  private final long address;
  private final long bytes; // the block may be larger, and what is behind them another's remains
  private final long @Nullable [] hostValues;
  private MemoryPool.@Nullable Block block;
  private @Nullable Workspace owner;
  private volatile boolean released;
  private int version;

  private PoolStorage(
      String op,
      Backend backend,
      MemoryPool.Block block,
      long bytes,
      long @Nullable [] hostValues) {
    this.op = op;
    this.backend = backend;
    this.address = block.address();
    this.bytes = bytes;
    this.block = block;
    this.hostValues = hostValues;
  }

  static PoolStorage allocate(
      Backend backend, String op, long bytes, long @Nullable [] hostValues) {
    Workspace workspace = Workspace.current(op);
    MemoryPool.Block block = backend.memory().pool().acquire(bytes, op);
    PoolStorage storage = new PoolStorage(op, backend, block, bytes, hostValues);
    workspace.take(storage);
    return storage;
  }

  @Override
  public String op() {
    return op;
  }

  @Override
  public Backend backend() {
    return backend;
  }

  @Override
  public long address() {
    if (released) {
      throw new IllegalStateException(
          op
              + ": tensor expected to be alive, got one released when its scope ended; hand it out"
              + " with scope.keep(tensor), or let a Scope.detached() adopt what is to stay longer");
    }
    return address;
  }

  @Override
  public long size() {
    return block == null ? 0 : bytes;
  }

  @Override
  public int version() {
    return version;
  }

  @Override
  public void changed() {
    version++;
  }

  @Override
  public long @Nullable [] hostValues() {
    return version == 0 && !released ? hostValues : null;
  }

  @Nullable Workspace owner() {
    return owner;
  }

  void owner(Workspace workspace) {
    this.owner = workspace;
  }

  boolean isReleased() {
    return released;
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
    backend.memory().pool().release(returned);
  }
}
