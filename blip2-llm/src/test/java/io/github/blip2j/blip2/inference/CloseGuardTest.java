package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CloseGuardTest {
  private static final String CLOSED =
      "house: open door expected, got closed; close after the last use";

  private final CloseGuard gate = new CloseGuard("house", "door");
  private final AtomicInteger freed = new AtomicInteger();
  private final ExecutorService others = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    others.shutdownNow();
  }

  @Test
  void aside_listenerThatWaitsForAnothersClose_ends() {
    int result =
        gate.call(
            () -> {
              gate.aside(() -> elsewhere(this::close));
              assertEquals(0, freed.get(), "freed under a call that goes on");
              return gate.call(() -> 7); // a call in it goes on, too
            });

    assertEquals(7, result);
    assertEquals(1, freed.get());
    assertClosed();
  }

  @Test
  void call_whileACloseWaits_isRefusedAtOnce() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    Future<Integer> running =
        others.submit(
            () ->
                gate.call(
                    () -> {
                      inside.countDown();
                      return await(over);
                    }));
    inside.await();
    Future<?> closing = others.submit(() -> close());

    while (isOpen()) { // until the close has begun
      Thread.onSpinWait();
    }

    assertClosed();
    assertEquals(0, freed.get());
    over.countDown();
    get(closing);
    assertEquals(1, get(running));
    assertEquals(1, freed.get());
  }

  @Test
  void close_twoCallsInTheirListeners_isDoneByTheLast() {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch listening = new CountDownLatch(1);
    Future<Integer> other =
        others.submit(
            () ->
                gate.call(
                    () -> {
                      gate.aside(
                          () -> {
                            listening.countDown();
                            await(first);
                          });
                      return 1;
                    }));
    gate.call(
        () -> {
          gate.aside(
              () -> {
                await(listening);
                elsewhere(this::close);
              });
          return 0;
        });
    assertEquals(0, freed.get());

    first.countDown();

    assertEquals(1, get(other));
    assertEquals(1, freed.get());
  }

  @Test
  void close_fromWithinACallOrItsListener_isRefused() {
    String message = "house: close expected after the last call, got one from within a call";
    gate.call(
        () -> {
          assertEquals(
              message, assertThrows(IllegalStateException.class, this::close).getMessage());
          gate.aside(
              () ->
                  assertEquals(
                      message,
                      assertThrows(IllegalStateException.class, this::close).getMessage()));
          return 0;
        });
    assertEquals(1, gate.call(() -> 1));
  }

  @Test
  void close_again_freesOnce() {
    close();
    close();

    assertEquals(1, freed.get());
    assertClosed();
  }

  @Test
  void call_thatFails_leaves() {
    assertThrows(
        ArithmeticException.class,
        () ->
            gate.call(
                () -> {
                  gate.aside(
                      () -> {
                        throw new ArithmeticException();
                      });
                  return 0;
                }));
    close();

    assertEquals(1, freed.get());
  }

  private void close() {
    gate.close(freed::incrementAndGet);
  }

  private boolean isOpen() {
    try {
      return gate.call(() -> true);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private void assertClosed() {
    assertEquals(
        CLOSED, assertThrows(IllegalStateException.class, () -> gate.call(() -> 0)).getMessage());
  }

  private void elsewhere(Runnable work) {
    get(others.submit(work));
  }

  private static int await(CountDownLatch latch) {
    get(
        () -> {
          latch.await();
          return 0;
        });
    return 1;
  }

  private static <T> T get(Future<T> future) {
    return get(() -> future.get(1, TimeUnit.MINUTES));
  }

  private static <T> T get(Callable<T> work) {
    try {
      return work.call();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
