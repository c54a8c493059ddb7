package io.github.blip2j.onednn.primitive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.onednn.Cpus;
import io.github.blip2j.onednn.OneDnnKernels;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.dnnl.engine;
import org.junit.jupiter.api.Test;

final class PrimitivePoolTest {
  private static final int THREADS = 200;

  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final PrimitivePool calls = new PrimitivePool(cpu, new OpenMpThreads(), 3, 8);
  private final NormKernels norms = new NormKernels(calls);

  @Test
  void run_twoHundredThreads_makesNoMoreCachesThanLent()
      throws InterruptedException, ExecutionException {
    computeOn(Executors.newFixedThreadPool(THREADS));
  }

  @Test
  void run_twoHundredVirtualThreads_makesNoMoreCachesThanLent()
      throws InterruptedException, ExecutionException, ReflectiveOperationException {
    if (Runtime.version().feature() >= 21) {
      var perTask = Executors.class.getMethod("newVirtualThreadPerTaskExecutor");
      computeOn((ExecutorService) perTask.invoke(null));
    } else { // where there are none, a thread for each task is what comes nearest
      computeOn(Executors.newCachedThreadPool());
    }
  }

  @Test
  void run_oneThread_makesOneCache() {
    for (int i = 0; i < 5; i++) {
      assertUniform(7);
    }

    assertEquals(1, calls.size());
    assertEquals(1, calls.ready());
  }

  @Test
  void size_ofTheKernels_isBoundedByTheCores() throws InterruptedException, ExecutionException {
    OneDnnKernels kernels = new OneDnnKernels(Cpus.here());

    onAll(
        Executors.newFixedThreadPool(THREADS),
        thread -> {
          try (Scope scope = Scope.open()) {
            Tensor x = Tensor.zeros(DType.FLOAT32, 4, 50);
            kernels.softmax(x, x);
          }
        });

    int cores = Runtime.getRuntime().availableProcessors();
    assertTrue(kernels.caches() <= cores, kernels.caches() + " caches for " + cores + " cores");
  }

  @Test
  void run_failingMaker_givesItsCacheBack() {
    for (int i = 0; i < 10; i++) {
      assertThrows(
          IllegalStateException.class,
          () ->
              calls.run(
                  PrimitiveKey.of("none", Layout.matrix(1, 1)),
                  here -> {
                    throw new IllegalStateException("made up");
                  }));
    }

    assertUniform(5);
    assertEquals(1, calls.size());
  }

  @Test
  void forThreads_otherNumber_isAnotherKey() {
    PrimitiveKey key = PrimitiveKey.of("softmax", Layout.matrix(2, 2));

    assertEquals(key.forThreads(2), key.forThreads(2));
    assertTrue(!key.forThreads(2).equals(key.forThreads(1)), "kernels are made for their threads");
  }

  private void computeOn(ExecutorService threads) throws InterruptedException, ExecutionException {
    onAll(
        threads,
        thread -> {
          for (int round = 0; round < 10; round++) {
            assertUniform(2 + (thread + round) % 12); // more shapes than a cache keeps
          }
        });

    assertTrue(calls.size() <= 3, "3 caches expected at most, got " + calls.size());
    assertTrue(calls.ready() <= 24, "24 calls expected at most, got " + calls.ready());
  }

  private void assertUniform(int width) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.zeros(DType.FLOAT32, 2, width);

      norms.softmax(x, x);

      float[] uniform = new float[2 * width];
      Arrays.fill(uniform, 1f / width);
      assertArrayEquals(uniform, x.toFloats(), 1e-6f);
    }
  }

  /** Work of a thread, by its number. */
  @FunctionalInterface
  private interface Work {
    void run(int thread);
  }

  /** All threads at once: none begins before the last is there. */
  private static void onAll(ExecutorService threads, Work work)
      throws InterruptedException, ExecutionException {
    CountDownLatch there = new CountDownLatch(THREADS);
    List<Future<?>> running = new ArrayList<>();
    try {
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        running.add(
            threads.submit(
                () -> {
                  there.countDown();
                  there.await();
                  work.run(thread);
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
