package io.github.blip2j.bench;

import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The limits of the machine, to compare other figures with. On a shared machine they change from
 * minute to minute, so they are measured in the same run.
 */
final class Limits {
  static final int ROWS = 2048;
  static final int WIDTH = 4096;
  private static final int BYTES = 1_000_000_000;
  private static final int PASSES = 4; // over a quarter of the numbers, more than any cache holds

  private Limits() {}

  /** Times reading 1 GB with a plain loop on each core, as decoding reads its weights. */
  static Stopwatch read(int runs) {
    int threads = Threads.count();
    long[][] shares = new long[threads][BYTES / PASSES / Long.BYTES / threads];
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      return Stopwatch.time(
          runs,
          () -> {
            List<CompletableFuture<Long>> sums = new ArrayList<>();
            for (long[] share : shares) {
              sums.add(CompletableFuture.supplyAsync(() -> sum(share), pool));
            }
            sums.forEach(CompletableFuture::join);
          });
    } finally {
      pool.shutdown();
    }
  }

  private static long sum(long[] numbers) {
    long sum = 0;
    for (int pass = 0; pass < PASSES; pass++) {
      sum += sumOfQuarters(numbers);
    }
    return sum;
  }

  /** Sums in four streams: a single one reads little more than half as fast. */
  private static long sumOfQuarters(long[] numbers) {
    int quarter = numbers.length / 4;
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (int i = 0; i < quarter; i++) {
      a += numbers[i];
      b += numbers[i + quarter];
      c += numbers[i + 2 * quarter];
      d += numbers[i + 3 * quarter];
    }
    return a + b + c + d;
  }

  /** Times one large product with a weight stored like the model's. */
  static Stopwatch product(int runs, Precision precision, Tensor x, Tensor weight) {
    try (Scope scope = Scope.open()) {
      Tensor packed = weight.pack(precision, PackedWeight.Use.PREFILL);
      return Stopwatch.time(runs, () -> x.linear(packed, null));
    }
  }
}
