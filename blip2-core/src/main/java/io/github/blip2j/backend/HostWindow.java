package io.github.blip2j.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A part of a tensor's memory for Java to read or to write, the only way to it: on the host the
 * memory itself, for a device a stage beside it, downloaded at the opening or uploaded at the
 * closing. One window is one transfer, so callers open few large ones.
 */
public final class HostWindow implements AutoCloseable {
  private final DeviceMemory memory;
  private final long address;
  private final ByteBuffer bytes;
  private final MemoryPool.@Nullable Block stage; // null: the memory itself
  private final boolean writes;

  private HostWindow(RawTensor dense, long firstByte, long count, boolean writes) {
    this.memory = dense.backend().memory();
    this.address = dense.address() + firstByte;
    this.writes = writes;
    this.stage = memory.isHost() ? null : DeviceMemory.host().pool().acquire(count, "transfer");
    this.bytes =
        HostMemory.bytes(stage == null ? address : stage.address(), count)
            .order(ByteOrder.nativeOrder());
    if (stage != null && !writes) {
      download(stage);
    }
  }

  private void download(MemoryPool.Block into) {
    boolean done = false;
    try {
      memory.download(address, bytes.duplicate());
      done = true;
    } finally {
      if (!done) { // nobody can close it
        DeviceMemory.host().pool().release(into);
      }
    }
  }

  /**
   * Bytes of a dense tensor to read.
   *
   * @param count at most {@link HostMemory#CHUNK}, by convention, and 2 GiB by nature
   */
  public static HostWindow reading(RawTensor dense, long firstByte, long count) {
    return new HostWindow(dense, firstByte, count, false);
  }

  /** Bytes of a dense tensor to write, all of them; what was there cannot be read. */
  public static HostWindow writing(RawTensor dense, long firstByte, long count) {
    return new HostWindow(dense, firstByte, count, true);
  }

  /** The bytes, in this machine's order, from position 0 on. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** Ends the access: what was written is in the tensor afterwards. */
  @Override
  public void close() {
    if (stage == null) {
      return;
    }
    try {
      if (writes) {
        memory.upload(bytes.duplicate().clear(), address);
      }
    } finally {
      DeviceMemory.host().pool().release(stage);
    }
  }
}
