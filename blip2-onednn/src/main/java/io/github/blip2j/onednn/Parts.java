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

  /** The parts by number, taken by at most so many threads at once, neighbours by one. */
  IntStream stream(int threads) {
    int count = count();
    int shares = Math.min(threads, count);
    if (shares == 1) {
      return IntStream.range(0, count);
    }
    return IntStream.range(0, shares)
        .parallel()
        .flatMap(
            share -> IntStream.range(begin(count, share, shares), begin(count, share + 1, shares)));
  }

  private static int begin(int count, int share, int shares) {
    return (int) ((long) count * share / shares);
  }

  private int count() {
    return (int) Math.max(1, Math.min(things, things * numbers / WORTH_A_THREAD));
  }

  /** Where a part begins, and the one before it ends. */
  long first(int part) {
    return things * part / count();
  }
}
