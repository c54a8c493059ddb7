package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MemoryPoolTest {
  private static final long MIB = 1L << 20;
  private static final String PROPERTY = "blip2.test.limit";

  private final AtomicLong available = new AtomicLong(Long.MAX_VALUE);
  private final MemoryPool pool = new MemoryPool(8 * MIB, 4 * MIB, available::get);

  @AfterEach
  void trim() {
    pool.trim();
    System.clearProperty(PROPERTY);
  }

  @Test
  void acquire_anySize_roundsUpAndAligns() {
    long[][] sizes = {
      {0, 256},
      {1, 256},
      {256, 256},
      {257, 512},
      {4095, 4096},
      {4097, 8192},
      {5000, 8192},
      {MIB - 1, MIB},
      {MIB + 1, MIB + (1 << 16)}
    };
    for (long[] size : sizes) {
      MemoryPool.Block block = pool.acquire(size[0], "test");
      assertEquals(size[1], block.size());
      assertEquals(0, block.address() % 64);
      pool.release(block);
      pool.trim();
    }
  }

  @Test
  void release_thenAcquire_givesTheSameBlock() {
    MemoryPool.Block block = pool.acquire(100_000, "test");
    pool.release(block);

    assertEquals(block.address(), pool.acquire(100_000, "test").address());
    assertEquals(0, pool.waitingBytes());
    pool.release(block);
  }

  @Test
  void acquire_muchSmaller_leavesTheLargeBlockWaiting() {
    MemoryPool.Block large = pool.acquire(100_000, "test");
    pool.release(large);

    MemoryPool.Block small = pool.acquire(50_000, "test");
    MemoryPool.Block close = pool.acquire(90_000, "test");

    assertNotEquals(large.address(), small.address());
    assertEquals(large.address(), close.address());
    pool.release(small);
    pool.release(close);
  }

  @Test
  void release_beyondTheWaitingLimit_goesBackToTheSystem() {
    MemoryPool.Block first = pool.acquire(3 * MIB, "test");
    MemoryPool.Block second = pool.acquire(2 * MIB, "test");
    assertEquals(5 * MIB, pool.totalBytes());

    pool.release(first);
    pool.release(second);

    assertEquals(3 * MIB, pool.waitingBytes());
    assertEquals(3 * MIB, pool.totalBytes());
  }

  @Test
  void trim_waitingBlocks_returnsThem() {
    MemoryPool.Block used = pool.acquire(1000, "test");
    pool.release(pool.acquire(2 * MIB, "test"));

    pool.trim();

    assertEquals(0, pool.waitingBytes());
    assertEquals(used.size(), pool.totalBytes());
    pool.release(used);
  }

  @Test
  void acquire_beyondTheLimit_trimsFirstAndThenSaysWhatThereIs() {
    MemoryPool.Block used = pool.acquire(3 * MIB, "linear");
    pool.release(pool.acquire(4 * MIB, "linear"));
    MemoryPool.Block fits = pool.acquire(5 * MIB, "linear");

    var e = assertThrows(MemoryShortageException.class, () -> pool.acquire(2 * MIB, "linear"));

    assertEquals(
        "linear: memory expected 2048 KiB more, got 0 B left beside 8192 KiB of tensors; close other"
            + " models, use a smaller batch or image, or raise blip2.memory.limit if it is set",
        e.getMessage());
    pool.release(used);
    pool.release(fits);
  }

  @Test
  void acquire_systemShort_failsBeforeTheSystemDoes() {
    available.set(256 * MIB + 3 * MIB); // 256 MiB stay for everything else

    var e = assertThrows(MemoryShortageException.class, () -> pool.acquire(4 * MIB, "softmax"));

    assertEquals(
        "softmax: memory expected 4096 KiB more, got 3072 KiB left beside 0 B of tensors; close other"
            + " models, use a smaller batch or image, or raise blip2.memory.limit if it is set",
        e.getMessage());
    pool.release(pool.acquire(2 * MIB, "softmax"));
  }

  @Test
  void acquire_smallOrWaiting_doesNotAskTheSystem() {
    MemoryPool.Block large = pool.acquire(2 * MIB, "test");
    pool.release(large);
    available.set(0);

    pool.release(pool.acquire(1000, "test"));
    pool.release(pool.acquire(2 * MIB, "test"));

    assertThrows(MemoryShortageException.class, () -> pool.acquire(3 * MIB, "test"));
  }

  @Test
  void acquire_answerThatLasts_isAskedForAgainWhenUsedUp() {
    available.set(256 * MIB + 5 * MIB);
    AtomicInteger asked = new AtomicInteger();
    MemoryPool lasting =
        new MemoryPool(
            DeviceMemory.host(),
            Long.MAX_VALUE,
            0,
            () -> {
              asked.incrementAndGet();
              return available.get();
            },
            Long.MAX_VALUE);

    lasting.release(lasting.acquire(2 * MIB, "test"));
    lasting.release(lasting.acquire(2 * MIB, "test"));
    assertEquals(1, asked.get());
    lasting.release(lasting.acquire(2 * MIB, "test")); // 1 MiB is left of the first answer
    assertEquals(2, asked.get());
    available.set(256 * MIB);
    lasting.release(lasting.acquire(3 * MIB, "test")); // of the second, which still lasts
    assertThrows(MemoryShortageException.class, () -> lasting.acquire(2 * MIB, "test"));
  }

  @Test
  void acquire_moreThanAnyMemory_isShortage() {
    for (long bytes : new long[] {Long.MAX_VALUE, 1L << 62}) {
      assertThrows(MemoryShortageException.class, () -> pool.acquire(bytes, "test"));
    }
  }

  @Test
  void limit_property_readsUnits() {
    String[][] cases = {{"800", "800"}, {"3k", "3072"}, {" 2M ", "2097152"}, {"1g", "1073741824"}};
    for (String[] c : cases) {
      System.setProperty(PROPERTY, c[0]);
      assertEquals(Long.parseLong(c[1]), MemoryPool.limit(PROPERTY, 7));
    }
    System.clearProperty(PROPERTY);
    assertEquals(7, MemoryPool.limit(PROPERTY, 7));
  }

  @Test
  void limit_propertyThatIsNoSize_saysWhatIsOne() {
    for (String value : new String[] {"lots", "", "-1", "8gb"}) {
      System.setProperty(PROPERTY, value);

      var e = assertThrows(IllegalArgumentException.class, () -> MemoryPool.limit(PROPERTY, 7));

      assertEquals(
          "blip2.test.limit: expected a number of bytes such as 800m or 8g, got " + value,
          e.getMessage());
    }
  }

  @Test
  void memory_ofThisMachine_isPlausible() {
    assertTrue(SystemMemory.HERE.physical() >= MemoryPool.RESERVE);
    assertTrue(SystemMemory.HERE.available() > 0);
  }
}
