package io.github.blip2j.distributed;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Work that ranks share, in rounds of one task for each: rank r of R does task {@code i * R + r} of
 * round i. All ranks get the results of a round, in the order of the tasks, before the next begins,
 * so that a journal grows while the work goes on.
 *
 * <p>A task is what one process does at once, such as a batch: results do not depend on the number
 * of ranks then, not even in the last bit.
 */
public final class Rounds {
  private static final byte IDLE = 0;
  private static final byte DONE = 1;
  private static final byte FAILED = 2;

  private Rounds() {}

  /** Does a task. */
  @FunctionalInterface
  public interface Task {
    /** The result for all ranks. */
    byte[] run(int number) throws IOException;
  }

  /** Takes the results of all ranks. */
  @FunctionalInterface
  public interface Taker {
    /** Called on each rank, in the order of the tasks. */
    void take(int number, byte[] result) throws IOException;
  }

  /**
   * Does all tasks. What fails on one rank fails on all, after the results of the tasks before it
   * have been taken.
   *
   * @param tasks the number of tasks, the same on all ranks
   * @throws RankException on the ranks where it did not fail
   */
  public static void run(Ranks ranks, int tasks, Task task, Taker taker) throws IOException {
    for (int first = 0; first < tasks; first += ranks.size()) {
      if (ranks.areAlone()) {
        taker.take(first, task.run(first));
      } else {
        round(ranks, first, Math.min(ranks.size(), tasks - first), task, taker);
      }
    }
  }

  private static void round(Ranks ranks, int first, int count, Task task, Taker taker)
      throws IOException {
    byte[] own = {IDLE};
    @Nullable Throwable failure = null;
    try {
      if (ranks.rank() < count) {
        own = marked(DONE, task.run(first + ranks.rank()));
      }
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      own = marked(FAILED, RankFailure.bytes(e));
    }
    List<byte[]> all = ranks.gather(own);
    int failed = 0;
    while (failed < count && all.get(failed)[0] == DONE) {
      failed++;
    }
    int done = failed;
    ranks.agreeIo(
        () -> {
          for (int rank = 0; rank < done; rank++) {
            byte[] marked = all.get(rank);
            taker.take(first + rank, Arrays.copyOfRange(marked, 1, marked.length));
          }
          return done;
        });
    if (failed < count) {
      ranks.failTogether();
      fail(failure, failed, all.get(failed));
    }
  }

  private static void fail(@Nullable Throwable own, int rank, byte[] marked) throws IOException {
    if (own instanceof IOException e) {
      throw e;
    }
    if (own instanceof RuntimeException e) {
      throw e;
    }
    if (own instanceof Error e) {
      throw e;
    }
    throw RankException.of(rank, RankFailure.of(Arrays.copyOfRange(marked, 1, marked.length)));
  }

  private static byte[] marked(byte mark, byte[] bytes) {
    var marked = new ByteArrayOutputStream(bytes.length + 1);
    marked.write(mark);
    marked.writeBytes(bytes);
    return marked.toByteArray();
  }
}
