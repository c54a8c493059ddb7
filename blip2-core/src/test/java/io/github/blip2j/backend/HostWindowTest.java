package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Transfers that fail return the memory in which they were staged. */
final class HostWindowTest {
  /** A device that has lost its connection. */
  private static final class Lost extends DeviceMemory {
    Lost() {
      super("lost");
    }

    @Override
    protected long allocate(long bytes) {
      return 1L << 56; // never followed
    }

    @Override
    protected void free(long address) {}

    @Override
    protected long available() {
      return Long.MAX_VALUE;
    }

    @Override
    protected void copyIn(ByteBuffer host, long address) {
      throw new IllegalStateException("lost: upload");
    }

    @Override
    protected void copyOut(long address, ByteBuffer host) {
      throw new IllegalStateException("lost: download");
    }
  }

  private static final Backend LOST =
      new Backend("lost", Backend.of("nd4j").kernels(), new Lost(), "lost");

  @Test
  void reading_downloadThatFails_leavesNothingBehind() {
    try (Scope scope = Scope.open(LOST)) {
      Tensor x = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(1024));
      long before = DeviceMemory.host().usedBytes();

      var e = assertThrows(IllegalStateException.class, () -> HostWindow.reading(x, 0, 4096));

      assertEquals("lost: download", e.getMessage());
      assertEquals(before, DeviceMemory.host().usedBytes());
    }
  }

  @Test
  void close_uploadThatFails_leavesNothingBehind() {
    try (Scope scope = Scope.open(LOST)) {
      Tensor x = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(1024));
      long before = DeviceMemory.host().usedBytes();
      HostWindow window = HostWindow.writing(x, 0, 4096);

      var e = assertThrows(IllegalStateException.class, window::close);

      assertEquals("lost: upload", e.getMessage());
      assertEquals(before, DeviceMemory.host().usedBytes());
    }
  }
}
