package io.github.blip2j.onednn.primitive;

import java.util.stream.IntStream;

/**
 * Splits a loop into chunks that are each worth a thread.
 *
 * @param things the number of iterations
 * @param numbers the number of elements in an iteration
 */
public record ParallelChunks(long things, long numbers) {
  private static final long WORTH_A_THREAD = 1 << 18; // elements, 0.1 ms

  /** The chunks by index, run by at most so many threads at once. */
  public IntStream stream(int threads) {
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

  /** The first iteration of a chunk, where the previous one ends. */
  public long first(int part) {
    return things * part / count();
  }
}
