package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PartsTest {
  private static final Parts MANY = new Parts(1000, 1 << 18);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 64, 5000})
  void stream_forAnyThreads_hasEachPartOnce(int threads) {
    assertEquals(
        IntStream.range(0, 1000).boxed().toList(), MANY.stream(threads).boxed().sorted().toList());
    assertEquals(1, new Parts(3, 1).stream(threads).count());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stream_ofManyParts_isTakenByNoMoreThreadsThanTold(int threads) {
    Set<Thread> taken = ConcurrentHashMap.newKeySet();

    MANY.stream(threads)
        .forEach(
            part -> {
              taken.add(Thread.currentThread());
              Thread.onSpinWait();
            });

    assertTrue(taken.size() <= threads, taken + " expected to be at most " + threads);
  }
}
