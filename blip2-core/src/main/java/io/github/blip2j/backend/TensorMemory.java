package io.github.blip2j.backend;

/**
 * The off-heap memory of all tensors in this process, which the garbage collector does not see.
 *
 * <p>Memory that tensors give back waits to be used again, up to {@code blip2.memory.pool} bytes;
 * {@link #trim} returns it to the system, as after closing one of several models.
 */
public final class TensorMemory {
  private TensorMemory() {}

  /** Bytes behind tensors that are alive. */
  public static long usedBytes() {
    return MemoryPool.SHARED.usedBytes();
  }

  /** Bytes held from the system: those used and those that wait. */
  public static long totalBytes() {
    return MemoryPool.SHARED.totalBytes();
  }

  /** Returns what waits to the system. */
  public static void trim() {
    MemoryPool.SHARED.trim();
  }
}
