package io.github.blip2j.onednn;

import java.util.stream.IntStream;

/**
 * A loop in parts that are worth a thread each.
 *
 * @param things how often the loop runs
 * @param numbers how many numbers each time is about
 */
record Parts(long things, long numbers) {
  private static final long WORTH_A_THREAD = 1 << 18; // numbers, 0.1 ms

  /** The parts by number; more than one is taken by several threads if {@code threads} allows. */
  IntStream stream(int threads) {
    IntStream parts = IntStream.range(0, count());
    return count() == 1 || threads == 1 ? parts : parts.parallel();
  }

  private int count() {
    return (int) Math.max(1, Math.min(things, things * numbers / WORTH_A_THREAD));
  }

  /** Where a part begins, and the one before it ends. */
  long first(int part) {
    return things * part / count();
  }
}
