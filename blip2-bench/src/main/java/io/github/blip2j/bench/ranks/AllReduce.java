package io.github.blip2j.bench.ranks;

import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.Pending;
import io.github.blip2j.distributed.Reduction;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The time in which all ranks sum float32 numbers, as many as a Q-Former's gradients are, beside a
 * copy of the same memory. Every rank runs it, started by {@code mpirun}; rank 0 prints.
 *
 * <p>Of each way the fastest round and the median are printed, each as the slowest rank took it.
 * Processor time is that of rank 0's process, and steadier than time on a machine that does other
 * work.
 */
public final class AllReduce {
  private static final long FLOATS = 187_000_000; // of the Q-Former of BLIP-2
  private static final long BUCKET = 25L << 18; // 25 MiB of floats
  private static final int ROUNDS = 5;

  private final Collectives collectives;
  private final Tensor x;
  private double copySeconds;
  private double copyCpu;

  private AllReduce(Collectives collectives, Tensor x) {
    this.collectives = collectives;
    this.x = x;
  }

  /** Runs {@code [FLOATS [FLOATS_OF_A_BUCKET [ROUNDS]]]}. */
  public static void main(String[] args) {
    long floats = args.length > 0 ? Long.parseLong(args[0]) : FLOATS;
    long bucket = args.length > 1 ? Long.parseLong(args[1]) : BUCKET;
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : ROUNDS;
    try (Collectives collectives = Collectives.open();
        Scope scope = Scope.open()) {
      new AllReduce(collectives, Tensor.zeros(DType.FLOAT32, floats)).measure(bucket, rounds);
    }
  }

  private void measure(long bucket, int rounds) {
    print("%s: %d floats, buckets of %d", collectives, x.size(), bucket);
    Tensor copy = Tensor.zerosLike(x);
    measure("copy", rounds, () -> copy.copyInPlace(x));
    measure("one call", rounds, () -> collectives.allReduce(x, Reduction.SUM));
    List<Tensor> buckets = new ArrayList<>();
    for (long start = 0; start < x.size(); start += bucket) {
      buckets.add(x.narrow(0, start, Math.min(bucket, x.size() - start)));
    }
    measure(
        "buckets one by one",
        rounds,
        () -> buckets.forEach(part -> collectives.allReduce(part, Reduction.SUM)));
    measure(
        "buckets started together",
        rounds,
        () ->
            buckets.stream()
                .map(part -> collectives.startAllReduce(part, Reduction.SUM))
                .toList()
                .forEach(Pending::await));
    measure(
        "buckets in bfloat16",
        rounds,
        () ->
            buckets.stream()
                .map(part -> collectives.startSum(part, Precision.BFLOAT16))
                .toList()
                .forEach(Pending::await));
    double[] one = new double[1];
    measure("one number", 10 * rounds, () -> collectives.allReduce(one, Reduction.SUM));
  }

  private void measure(String what, int rounds, Runnable way) {
    double[] seconds = new double[rounds];
    double cpu = Double.POSITIVE_INFINITY;
    for (int round = 0; round < rounds; round++) {
      collectives.barrier();
      double cpuBefore = cpuSeconds();
      long before = System.nanoTime();
      way.run();
      double[] slowest = {(System.nanoTime() - before) / 1e9};
      cpu = Math.min(cpu, cpuSeconds() - cpuBefore);
      collectives.allReduce(slowest, Reduction.MAX);
      seconds[round] = slowest[0];
    }
    Arrays.sort(seconds);
    double best = seconds[0];
    if (copySeconds == 0) {
      copySeconds = best;
      copyCpu = cpu;
    }
    print(
        "%-26s %8.5f s (%4.1f copies), median %8.5f s, processor %6.3f s (%4.1f copies)",
        what, best, best / copySeconds, seconds[rounds / 2], cpu, cpu / copyCpu);
  }

  private static double cpuSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(duration -> duration.toNanos() / 1e9)
        .orElse(Double.NaN);
  }

  private void print(String format, Object... values) {
    if (collectives.rank() == 0) {
      System.out.println(String.format(Locale.ROOT, format, values));
    }
  }
}
