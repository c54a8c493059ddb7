package io.github.blip2j.backend;

/**
 * The off-heap memory of all tensors in this process, which the garbage collector does not see.
 *
 * <p>Released memory is pooled for reuse, up to {@code blip2.memory.pool} bytes; {@link #trim}
 * returns it to the system, for example after one of several models was closed.
 */
public final class TensorMemory {
  private TensorMemory() {}

  /** Bytes of live tensors. */
  public static long usedBytes() {
    return MemoryPool.SHARED.usedBytes();
  }

  /** Bytes taken from the system, in use or pooled. */
  public static long totalBytes() {
    return MemoryPool.SHARED.totalBytes();
  }

  /** Returns pooled memory to the system. */
  public static void trim() {
    MemoryPool.SHARED.trim();
  }
}
