package io.github.blip2j.onednn.primitive;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Memory at an address, for access from Java; JavaCPP has no pointers from addresses. */
public final class Memory extends BytePointer {
  private Memory(long at, long count) {
    super((Pointer) null);
    address = at;
    limit = count;
    capacity = count;
  }

  /** Memory of {@code count} bytes at an address. */
  public static Memory at(long address, long count) {
    return new Memory(address, count);
  }

  /** A pointer whose address can be changed, for native calls. */
  static Memory movable() {
    return new Memory(0, 0);
  }

  /** Changes the address and returns this pointer. */
  Memory move(long to) {
    address = to;
    return this;
  }

  /** A view of at most 2 GiB, in this machine's byte order. */
  public static ByteBuffer bytes(long address, long count) {
    return new Memory(address, count).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** Copies bytes that do not overlap. */
  public static void copy(long from, long to, long count) {
    Pointer.memcpy(new Memory(to, count), new Memory(from, count), count);
  }

  /** Sets bytes to zero. */
  public static void clear(long address, long count) {
    Pointer.memset(new Memory(address, count), 0, count);
  }
}
