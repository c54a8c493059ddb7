package io.github.blip2j.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/** The memory of this machine: pages of the C library, which kernels and Java share. */
final class HostPages extends DeviceMemory {
  static {
    Natives.prepare(); // before Pointer reads its limits
  }

  static final HostPages SHARED = new HostPages();

  private HostPages() {
    super(
        "host",
        MemoryPool.limit("blip2.memory.limit", Long.MAX_VALUE),
        MemoryPool.limit("blip2.memory.pool", Math.max(1L << 28, SystemMemory.HERE.physical() / 8)),
        SystemMemory.HERE::available,
        100_000_000); // a tenth of a second; the system's files take 0.1 ms to read
  }

  @Override
  public boolean isHost() {
    return true;
  }

  @Override
  protected long allocate(long bytes) {
    Pointer pages = Pointer.malloc(bytes);
    return pages == null || pages.isNull() ? 0 : pages.address();
  }

  @Override
  protected void free(long address) {
    Pointer.free(new HostMemory.Place(address, 0));
  }

  @Override
  protected long available() {
    return SystemMemory.HERE.available();
  }

  @Override
  protected void copyIn(ByteBuffer host, long address) {
    HostMemory.bytes(address, host.remaining()).put(host);
  }

  @Override
  protected void copyOut(long address, ByteBuffer host) {
    host.put(HostMemory.bytes(address, host.remaining()));
  }
}
