package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ThreadsTest {
  @Test
  void use_one_isCounted() {
    int before = Threads.count();
    try {
      Threads.use(1);

      assertEquals(1, Threads.count());
    } finally {
      Threads.use(before);
    }
    assertEquals(before, Threads.count());
  }

  @Test
  void use_none_isRefused() {
    var refused = assertThrows(IllegalArgumentException.class, () -> Threads.use(0));

    assertEquals("threads: count expected at least 1, got 0", refused.getMessage());
  }
}
