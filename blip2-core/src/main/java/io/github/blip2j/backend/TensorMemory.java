package io.github.blip2j.backend;

/**
 * The off-heap memory of all tensors on this machine, which the garbage collector does not see.
 *
 * <p>Released memory is pooled for reuse, up to {@code blip2.memory.pool} bytes; {@link #trim}
 * returns it to the system, for example after one of several models was closed. The memory of a
 * device has the same methods: {@link Backend#memory()}.
 */
public final class TensorMemory {
  private TensorMemory() {}

  /** Bytes of live tensors. */
  public static long usedBytes() {
    return DeviceMemory.host().usedBytes();
  }

  /** Bytes taken from the system, in use or pooled. */
  public static long totalBytes() {
    return DeviceMemory.host().totalBytes();
  }

  /** Returns pooled memory to the system. */
  public static void trim() {
    DeviceMemory.host().trim();
  }
}
