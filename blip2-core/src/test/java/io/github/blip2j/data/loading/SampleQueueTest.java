package io.github.blip2j.data.loading;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class SampleQueueTest {
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "1, 5", "3, 2", "4, 100"})
  void next_samples_comeInOrderWhateverTheThreads(int threads, int ahead) throws IOException {
    List<Integer> got = new ArrayList<>();
    SampleReader<Integer> slowAtFirst =
        place -> {
          sleep(place % 7 == 0 ? 3 : 0);
          return place * place;
        };
    try (var queue = new SampleQueue<>(slowAtFirst, prefetch(threads, ahead), 3, 40)) {
      for (int i = 3; i < 40; i++) {
        got.add(queue.next(i));
      }
    }

    assertEquals(IntStream.range(3, 40).mapToObj(i -> i * i).toList(), got);
  }

  @Test
  void next_readsNoFurtherAheadThanAllowed() throws Exception {
    AtomicInteger read = new AtomicInteger();
    try (var queue = new SampleQueue<>(place -> read.incrementAndGet(), prefetch(2, 5), 0, 1000)) {
      assertEquals(0, read.get());
      for (int i = 0; i < 20; i++) {
        queue.next(i);
        Thread.sleep(2);
        assertTrue(read.get() <= i + 5, read + " read after " + i);
      }
      await(() -> read.get() == 19 + 5);
    }
  }

  @Test
  void next_readers_areOtherThreadsAndSeveral() throws IOException {
    Set<String> names = ConcurrentHashMap.newKeySet();
    CountDownLatch both = new CountDownLatch(2);
    SampleReader<String> meeting =
        place -> {
          both.countDown();
          waitFor(both);
          return Thread.currentThread().getName();
        };
    try (var queue = new SampleQueue<>(meeting, prefetch(2, 2), 0, 2)) {
      names.add(queue.next(0));
      names.add(queue.next(1));
    }

    assertEquals(2, names.size());
    assertTrue(names.stream().allMatch(name -> name.startsWith("blip2-data-")));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "2, 4"})
  void next_failure_comesInItsTurn(int threads, int ahead) throws IOException {
    var failure = new IOException("damaged");
    SampleReader<Integer> third =
        place -> {
          if (place == 2) {
            throw failure;
          }
          return place;
        };
    try (var queue = new SampleQueue<>(third, prefetch(threads, ahead), 0, 9)) {
      assertEquals(0, queue.next(0));
      assertEquals(1, queue.next(1));

      assertSame(failure, assertThrows(IOException.class, () -> queue.next(2)));

      assertEquals(3, queue.next(3));
    }
  }

  @Test
  void next_errors_areThoseOfTheReader() {
    SampleReader<Integer> failing =
        place -> {
          if (place == 0) {
            throw new IllegalArgumentException("no");
          }
          throw new OutOfMemoryError("none left");
        };
    try (var queue = new SampleQueue<>(failing, prefetch(1, 2), 0, 2)) {
      assertEquals(
          "no", assertThrows(IllegalArgumentException.class, () -> queue.next(0)).getMessage());
      assertEquals(
          "none left", assertThrows(OutOfMemoryError.class, () -> queue.next(1)).getMessage());
    }
  }

  @Test
  void next_interrupted_throwsAndStaysInterrupted() {
    CountDownLatch never = new CountDownLatch(1);
    SampleReader<Integer> waiting =
        place -> {
          waitFor(never);
          return place;
        };
    try (var queue = new SampleQueue<>(waiting, prefetch(1, 3), 0, 9)) {
      Thread.currentThread().interrupt();

      var e = assertThrows(InterruptedIOException.class, () -> queue.next(0));

      assertEquals("data: sample expected, got an interrupt", e.getMessage());
      assertTrue(Thread.currentThread().isInterrupted());
    }
    assertTrue(Thread.interrupted());
  }

  @Test
  void close_whileReading_endsTheThreads() throws Exception {
    CountDownLatch begun = new CountDownLatch(2);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch never = new CountDownLatch(1);
    var queue =
        new SampleQueue<Integer>(
            place -> {
              threads.add(Thread.currentThread());
              if (place > 0) {
                begun.countDown();
                waitFor(never);
              }
              return place;
            },
            prefetch(2, 8),
            0,
            100);
    queue.next(0);
    begun.await();

    queue.close();
    queue.close();

    assertEquals(2, threads.size());
    await(() -> threads.stream().noneMatch(Thread::isAlive)); // at once, but for their last steps
    assertEquals(
        "data: samples expected to be read in order while open, next 1 of 100, got 1",
        assertThrows(IllegalStateException.class, () -> queue.next(1)).getMessage());
  }

  @Test
  void threads_ofAQueueThatNobodyCloses_endByThemselves() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    var queue =
        new SampleQueue<Integer>(
            place -> {
              threads.add(Thread.currentThread());
              return place;
            },
            prefetch(2, 4),
            0,
            4);
    for (int i = 0; i < 4; i++) {
      queue.next(i);
    }

    assertTrue(threads.stream().allMatch(Thread::isDaemon));
    await(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  @Test
  void next_outOfOrder_isRefused() {
    try (var queue = new SampleQueue<>(place -> place, Prefetch.NONE, 0, 2)) {
      assertThrows(IllegalStateException.class, () -> queue.next(1));
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 1", "1, 0", "1025, 1"})
  void prefetch_otherNumbers_areRefused(int threads, int ahead) {
    assertEquals(
        "prefetch: threads expected 0 to 1024, and at least 1 sample ahead, got "
            + threads
            + " and "
            + ahead,
        assertThrows(IllegalArgumentException.class, () -> prefetch(threads, ahead)).getMessage());
  }

  private static Prefetch prefetch(int threads, int ahead) {
    return new Prefetch(threads, ahead);
  }

  private static void sleep(long milliseconds) throws IOException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  private static void waitFor(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  private static void await(BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertFalse(System.nanoTime() > end, "condition expected in 30 s");
      Thread.sleep(5);
    }
  }
}
