package io.github.blip2j.backend;

/** Memory of another owner, which lives as long as that object. */
final class ForeignStorage implements Storage {
  private final String op;
  private final Backend backend;
  private final long address;
  private final Object keepAlive;
  private int version;

  ForeignStorage(String op, Backend backend, long address, Object keepAlive) {
    this.op = op;
    this.backend = backend;
    this.address = address;
    this.keepAlive = keepAlive;
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
    // The caller computes with the bare address, and nothing then tells the collector that the
    // owner is still needed: in Java a tensor is dead after its last use, although native code
    // still reads, and the array that owns the memory is collected with the last tensor. The
    // workspace around the computation is reachable from its thread until it closes, which is
    // after the computation. The pool's memory needs none of this, because a workspace owns it.
    Workspace.hold(keepAlive);
    return address;
  }

  @Override
  public long size() {
    return 0; // unknown
  }

  @Override
  public int version() {
    return version;
  }

  @Override
  public void changed() {
    version++;
  }
}
