package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whether somebody else's memory stays while it is computed with, and goes afterwards. */
final class StorageTest {
  private static final Layout ONE = Layout.dense(Shape.of(1));

  @Test
  void address_ofWrappedMemory_keepsItsOwnerUntilTheWorkspaceCloses() throws InterruptedException {
    WeakReference<Object> owner;
    try (Workspace outer = Workspace.open()) {
      try (Workspace workspace = Workspace.open()) {
        owner = addressed();
        assertNotNull(afterCollection(owner, false), "a kernel may be reading");
      }
      assertNull(afterCollection(owner, true), "and now none does");
    }
  }

  @Test
  void room_endsWithTheTensor_notWithItsBlock() {
    try (Workspace workspace = Workspace.open(Backend.of("nd4j"))) {
      PlainTensor some = PlainTensor.wrap(Backend.of("nd4j"), 64, DType.FLOAT32, ONE, this);
      PlainTensor x = PlainTensor.uninitialized(some, "test", DType.FLOAT32, Shape.of(5, 3));

      assertEquals(15, x.room());
      assertEquals(6, PlainTensor.narrow(x, 0, 3, 1).room());
      assertEquals(0, some.room()); // unknown
    }
  }

  /** Asks for an address as a kernel does; no tensor is left when this returns. */
  private static WeakReference<Object> addressed() {
    Object owner = new Object();
    PlainTensor.wrap(Backend.of("nd4j"), 64, DType.FLOAT32, Layout.dense(Shape.of(3)), owner)
        .address();
    return new WeakReference<>(owner);
  }

  private static @Nullable Object afterCollection(WeakReference<Object> object, boolean gone)
      throws InterruptedException {
    for (int i = 0; i < (gone ? 100 : 3) && object.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    return object.get();
  }
}
