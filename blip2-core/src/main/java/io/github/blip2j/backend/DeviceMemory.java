package io.github.blip2j.backend;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * The memory of a {@link Backend}: that of this machine, which Java reads and writes in place, or
 * that of a device, to and from which values are copied.
 *
 * <p>Each memory has one pool of released blocks. Backends on the same memory share the object, and
 * so the pool. An address has a meaning for the kernels of a backend on this memory only; Java and
 * the kernels of other backends must not follow it.
 */
public abstract class DeviceMemory {
  private final String name;
  private final MemoryPool pool;
  private final LongAdder uploads = new LongAdder();
  private final LongAdder downloads = new LongAdder();
  private final LongAdder uploadedBytes = new LongAdder();
  private final LongAdder downloadedBytes = new LongAdder();

  /**
   * The memory of a device.
   *
   * @param name for messages, such as {@code cuda:0}
   */
  protected DeviceMemory(String name) {
    this.name = name;
    this.pool = new MemoryPool(this, Long.MAX_VALUE, Long.MAX_VALUE, this::available, 0);
  }

  /** The memory of this machine, with the limits that its properties set. */
  DeviceMemory(String name, long limit, long pooled, LongSupplier available, long lastingNanos) {
    this.name = name;
    this.pool = new MemoryPool(this, limit, pooled, available, lastingNanos);
  }

  /** The memory of this machine; all backends that compute on the CPU share it. */
  public static DeviceMemory host() {
    return HostPages.SHARED;
  }

  /** A name for messages. */
  public final String name() {
    return name;
  }

  /** Whether Java may read and write at its addresses. */
  public boolean isHost() {
    return false;
  }

  /**
   * Memory, aligned as the device's kernels need it.
   *
   * @return its address, never 0 for memory; 0 if there is not enough
   */
  protected abstract long allocate(long bytes);

  /** Returns what {@link #allocate} gave. */
  protected abstract void free(long address);

  /** Bytes that are free, or {@link Long#MAX_VALUE} if that is unknown. */
  protected abstract long available();

  /** Copies the remaining bytes of a direct buffer to the device, after its pending kernels. */
  protected abstract void copyIn(ByteBuffer host, long address);

  /** Fills the remaining bytes of a direct buffer from the device, after its pending kernels. */
  protected abstract void copyOut(long address, ByteBuffer host);

  /** Copies to and from this memory so far. None is needed where Java reads it in place. */
  public final Transfers transfers() {
    return new Transfers(
        uploads.sum(), downloads.sum(), uploadedBytes.sum(), downloadedBytes.sum());
  }

  /** Bytes of live tensors. */
  public final long usedBytes() {
    return pool.usedBytes();
  }

  /** Bytes taken from the system, in use or pooled. */
  public final long totalBytes() {
    return pool.totalBytes();
  }

  /** Returns pooled memory to the system. */
  public final void trim() {
    pool.trim();
  }

  @Override
  public String toString() {
    return name;
  }

  final MemoryPool pool() {
    return pool;
  }

  final void upload(ByteBuffer host, long address) {
    uploads.increment();
    uploadedBytes.add(host.remaining());
    copyIn(host, address);
  }

  final void download(long address, ByteBuffer host) {
    downloads.increment();
    downloadedBytes.add(host.remaining());
    copyOut(address, host);
  }
}
